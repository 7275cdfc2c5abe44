// SPDX-License-Identifier: GPL-2.0

//! Finds reports of errors on the console of a kernel with debugging checks.

/// The first line of a report has one of these texts.
const REPORTS: &[&str] = &[
    "BUG:",
    "WARNING:",
    "INFO: task ",
    "Oops",
    "UBSAN:",
    "Kernel panic",
    "detected stall",
    "general protection fault",
    "panicked at",
    "suspected memory leak",
];

/// The header of a stack trace. It is not among the reports, because with fault injection the kernel also
/// prints a trace for an allocation that fails.
const TRACE: &str = "Call Trace:";

/// The prefix of the component's messages.
const COMPONENT_PREFIX: &str = "kallmodsyms: ";

/// True if this line of the console begins a report.
pub fn is_report(line: &str) -> bool {
    REPORTS.iter().any(|words| line.contains(words))
}

/// True if this line of the console begins a stack trace.
pub fn is_trace(line: &str) -> bool {
    line.contains(TRACE)
}

/// True if this line of the console is a message of the component.
pub fn is_from_component(line: &str) -> bool {
    line.contains(COMPONENT_PREFIX)
}

/// The first line of a report of a data race has this text.
const RACE: &str = "BUG: KCSAN:";
/// The last line of a report of a data race has this text.
const RULER: &str = "==========";
/// KCSAN prints the name of the current program after this text.
const TASK: &str = " Comm: ";

/// The reports on a console.
#[derive(Default)]
pub struct Reports {
    /// The first lines of reports that must not occur, and the messages of the component.
    pub found: Vec<String>,
    /// The first lines of data races without code of the component. The kernel itself has some.
    pub upstream_races: Vec<String>,
    /// The current report of a data race: its first line, and true if one of its lines has code of the component.
    race: Option<(String, bool)>,
}

impl Reports {
    /// Takes in a line of the console.
    ///
    /// ```text
    /// [    3.141592] BUG: KCSAN: data-race in _RNvNtCs1234_11kallmodsyms7listing / insert_sym
    /// ```
    pub fn take(&mut self, line: &str) {
        // The guest's program prints these lines.
        if line.starts_with("# ") || line.starts_with("ok ") || line.starts_with("not ok ") {
            return;
        }
        if line.contains(RACE) {
            // The last line of the previous report can be missing.
            self.end();
            self.race = Some((line.to_owned(), line.contains("kallmodsyms")));
        } else if is_report(line) || is_from_component(line) {
            // The other processor can print a report between the lines of a data race.
            self.found.push(line.to_owned());
        } else if let Some((_, has_component)) = &mut self.race {
            // The name of the program does not count: the guest's program is kallmodsyms-test.
            *has_component |= !line.contains(TASK) && line.contains("kallmodsyms");
            if line.contains(RULER) {
                self.end();
            }
        }
    }

    /// Ends the current report of a data race, at its last line or at the end of the console.
    pub fn end(&mut self) {
        match self.race.take() {
            Some((line, true)) => self.found.push(line),
            Some((line, false)) => self.upstream_races.push(line),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports(console: &str) -> Reports {
        let mut reports = Reports::default();
        console.lines().for_each(|line| reports.take(line));
        reports.end();
        reports
    }

    #[test]
    fn each_kind_of_report_is_found() {
        let console = "[    1.0] BUG: KASAN: slab-use-after-free in strlen+0x1/0x20\n\
                       [    1.1] WARNING: possible circular locking dependency detected\n\
                       [    1.2] WARNING: suspicious RCU usage\n\
                       [    1.3] BUG: sleeping function called from invalid context\n\
                       [    1.4] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug)\n\
                       [    1.5] rust_kernel: panicked at kallmodsyms/rust/listing.rs:10:5:\n\
                       [    1.6] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n\
                       [    1.7] kallmodsyms: module tables refused: no end\n\
                       [    1.8] Kernel panic - not syncing: Fatal exception";
        assert_eq!(reports(console).found.len(), console.lines().count());
    }

    #[test]
    fn other_lines_are_no_reports() {
        let console = "[    0.0] Command line: console=ttyS0 panic=-1\n\
                       [    0.0] kasan: KernelAddressSanitizer initialized\n\
                       [    0.1] kcsan: enabled early\n\
                       [    0.2] kallmodsyms-tes: vmalloc error: size 8192, vm_struct allocation failed\n\
                       [    0.2] Call Trace:\n\
                       # BUG: in the guest's own words\n\
                       ok 1 - WARNING: too";
        assert!(reports(console).found.is_empty());
    }

    #[test]
    fn races_are_of_the_component_or_of_upstream() {
        let console = "[    1.0] BUG: KCSAN: data-race in a / b\n\
                       [    1.0] write to 0x1 of 8 bytes by task 1 on cpu 0:\n\
                       [    1.0]  _RNvMNtCs1_11kallmodsyms9open_file4fill+0x1/0x20\n\
                       [    1.0] ==================================================\n\
                       [    2.0] BUG: KCSAN: data-race in c / d\n\
                       [    2.0] ==================================================\n\
                       [    3.0] BUG: KCSAN: data-race in f / g\n\
                       [    3.0] CPU: 0 UID: 0 PID: 57 Comm: kallmodsyms-tes Tainted: G  O  6.12.117 #1\n\
                       [    3.1] kallmodsyms: module tables refused: told by the other processor\n\
                       [    4.0] BUG: KCSAN: data-race in kallmodsyms_ftrace_size / e";
        let reports = reports(console);
        assert_eq!(reports.found.len(), 3);
        assert_eq!(reports.upstream_races.len(), 2);
    }
}
