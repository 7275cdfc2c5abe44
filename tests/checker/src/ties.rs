// SPDX-License-Identifier: GPL-2.0

//! Finds the definition of each symbol of vmlinux.
//!
//! The rules, in order:
//!
//! 1. A global symbol comes from the object that defines it as global. A weak symbol comes from the
//!    first linked object that defines it as weak. A definition in a section wins over a common
//!    definition. If all definitions are common, the linker uses the first of the largest. If a linker
//!    script assigns to the symbol, LLD makes its size 0: then no definition with a size counts.
//! 2. The position of a local symbol in the symbol table gives its object ([`groups`]). The name, the size
//!    and the kind can give its object too. If the two results disagree, or neither is a single object, the
//!    address of the section ([`bases`]) decides. If the address does not decide, the symbol is unclear.
//! 3. The linker can make a hidden global symbol local. GNU ld writes such symbols behind a mark without
//!    a name, LLD leaves the symbols hidden. Such a symbol comes from the object that defines it as
//!    global.
//! 4. If no object defines `__pfx_<function>`, objtool made this symbol in front of the function. The
//!    symbol is in the modules of the function.
//! 5. The link made any other symbol that no object defines. Such a symbol is in no module.
//!
//! At the end, a symbol becomes unclear if its address does not fit the other symbols of its section
//! ([`bases`]).

use std::collections::HashMap;
use std::rc::Rc;

use object::elf::STT_FUNC;

use crate::bases::Bases;
use crate::elf::{Binding, Entry, Shape, Symbol};
use crate::groups;
use crate::names::{Name, Names};
use crate::program::{Definition, Program};

/// The prefix in the name of the symbol that objtool makes for the space before a function.
const PREFIX: &[u8] = b"__pfx_";

/// The origin of a symbol of vmlinux.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Defined(Definition),
    /// objtool made the symbol for a function. The function comes from one of these definitions.
    Prefix(Rc<[Definition]>),
    /// No object defines the symbol.
    Link,
    /// The symbol can come from any of these definitions.
    Unclear(Rc<[Definition]>),
}

impl Origin {
    /// The definitions that the symbol, or its function, can come from.
    pub fn definitions(&self) -> &[Definition] {
        match self {
            Self::Defined(definition) => std::slice::from_ref(definition),
            Self::Prefix(definitions) | Self::Unclear(definitions) => definitions,
            Self::Link => &[],
        }
    }
}

/// The origin of each entry of vmlinux's symbol table `linked`. The origin of a mark is `Link`.
pub fn origins(program: &Program, linked: &[Entry], names: &Names) -> Vec<Origin> {
    let mut candidates = Candidates::new(program);
    let is_file = |name: &Name| program.units.iter().any(|unit| unit.file == *name);
    let nameless = names.find(b"").filter(|name| !is_file(name));
    let mut behind_nameless = false;
    let candidates: Vec<Rc<[Definition]>> = linked
        .iter()
        .map(|entry| match entry {
            Entry::File(file) => {
                behind_nameless = nameless == Some(*file);
                Rc::default()
            }
            Entry::Symbol(symbol) => candidates.of(symbol, behind_nameless),
        })
        .collect();
    let sure = known(
        linked,
        candidates.iter().map(|of| match of[..] {
            [only] => Some(only),
            _ => None,
        }),
    );
    let bases = Bases::new(program, sure);
    let placed = groups::definitions(program, linked, &bases);

    let mut origins: Vec<Origin> = symbols(linked)
        .zip(candidates)
        .enumerate()
        .map(|(index, (symbol, candidates))| match symbol {
            Some(symbol) => choose(program, &bases, symbol, candidates, placed.get(&index)),
            None => Origin::Link,
        })
        .collect();
    add_prefixes(linked, &mut origins, names);
    doubt_displaced(program, linked, &mut origins);
    origins
}

fn symbols(linked: &[Entry]) -> impl Iterator<Item = Option<&Symbol>> {
    linked.iter().map(|entry| match entry {
        Entry::Symbol(symbol) => Some(symbol),
        Entry::File(_) => None,
    })
}

/// The known definitions, with their addresses in vmlinux.
fn known<'a>(
    linked: &'a [Entry],
    definitions: impl Iterator<Item = Option<Definition>> + 'a,
) -> impl Iterator<Item = (Definition, u64)> + 'a {
    symbols(linked)
        .zip(definitions)
        .filter_map(|(symbol, definition)| Some((definition?, symbol?.value)))
}

/// Finds the definitions with the shape and binding of a symbol of vmlinux, and caches them.
struct Candidates<'p> {
    program: &'p Program,
    /// The found definitions. Thousands of symbols have the same name, for example `__func__.0`.
    known: HashMap<(Shape, OriginalBinding), Rc<[Definition]>>,
}

/// The binding that a symbol of vmlinux had in its object.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum OriginalBinding {
    Global,
    Weak,
    Local,
    /// Local and hidden, or global.
    HiddenLocal,
    /// Global. The linker made the symbol local.
    GlobalMadeLocal,
}

impl OriginalBinding {
    fn from(symbol: &Symbol, behind_nameless: bool) -> Self {
        match symbol.binding {
            Binding::Global => Self::Global,
            Binding::Weak => Self::Weak,
            Binding::Local if behind_nameless => Self::GlobalMadeLocal,
            Binding::Local if symbol.hidden => Self::HiddenLocal,
            Binding::Local => Self::Local,
        }
    }

    /// True if a linker can turn `definition` into a symbol with this binding by default.
    fn is_from(self, definition: &Symbol) -> bool {
        let is_local = definition.binding == Binding::Local;
        match self {
            Self::Global => definition.binding == Binding::Global,
            Self::Weak => definition.binding == Binding::Weak,
            Self::Local => is_local && !definition.hidden,
            Self::HiddenLocal => !is_local || definition.hidden,
            Self::GlobalMadeLocal => !is_local,
        }
    }

    /// True if a linker script or an option of the linker can turn `definition` into such a symbol.
    fn may_be_from(self, definition: &Symbol) -> bool {
        match self {
            Self::Global | Self::Weak => definition.binding != Binding::Local,
            Self::Local => true,
            Self::HiddenLocal | Self::GlobalMadeLocal => false,
        }
    }
}

impl<'p> Candidates<'p> {
    fn new(program: &'p Program) -> Self {
        let known = HashMap::new();
        Self { program, known }
    }

    fn of(&mut self, symbol: &Symbol, behind_nameless: bool) -> Rc<[Definition]> {
        let original = OriginalBinding::from(symbol, behind_nameless);
        let program = self.program;
        let known = self.known.entry((symbol.shape, original));
        let found = known.or_insert_with(|| candidates(program, symbol.shape, original).into());
        Rc::clone(found)
    }
}

fn candidates(program: &Program, shape: Shape, original: OriginalBinding) -> Vec<Definition> {
    let named = program.named(shape.name).iter().copied();
    let symbol = |definition: &Definition| program.symbol(*definition);
    let mut found: Vec<Definition> = named
        .clone()
        .filter(|definition| original.is_from(symbol(definition)))
        .collect();
    if found.is_empty() {
        let may_be = |definition: &Definition| original.may_be_from(symbol(definition));
        found = named.filter(may_be).collect();
    }
    if found.iter().all(|definition| symbol(definition).common) {
        let size = |definition: &Definition| symbol(definition).shape.size;
        let largest = found.iter().map(size).max();
        let first = found
            .iter()
            .find(|definition| Some(size(definition)) == largest);
        return first.copied().into_iter().collect();
    }
    found.retain(|definition| !symbol(definition).common);
    let same_shape = |&definition: &Definition| program.can_be(definition, shape);
    if found.iter().any(same_shape) {
        found.retain(same_shape);
    }
    if shape.size == 0 {
        found.retain(|definition| symbol(definition).shape.size == 0);
    }
    found
}

/// Chooses the origin of `symbol` among `candidates`. `placed` has the definitions that the position of the symbol
/// in the symbol table gives.
fn choose(
    program: &Program,
    bases: &Bases,
    symbol: &Symbol,
    candidates: Rc<[Definition]>,
    placed: Option<&Vec<Definition>>,
) -> Origin {
    let candidates = match (placed, &candidates[..]) {
        (_, []) => return Origin::Link,
        (Some(placed), [only]) if !placed.contains(only) => {
            [*only].into_iter().chain(placed.iter().copied()).collect()
        }
        (Some(placed), [_, _, ..]) => placed.as_slice().into(),
        _ => candidates,
    };
    if let [only] = candidates[..] {
        return Origin::Defined(only);
    }
    let agreeing = |wanted| -> Vec<Definition> {
        let agree = |&definition: &Definition| bases.agree(program, definition, symbol.value);
        let all = candidates.iter().copied();
        all.filter(|definition| agree(definition) == wanted)
            .collect()
    };
    let weak = |&definition: &Definition| program.symbol(definition).binding == Binding::Weak;
    let mut left = agreeing(Some(true));
    if left.is_empty() {
        left = agreeing(None);
    }
    match left[..] {
        [] => Origin::Unclear(candidates),
        [only] => Origin::Defined(only),
        [first, ..] if left.iter().all(weak) => Origin::Defined(first),
        _ if left.len() == candidates.len() => Origin::Unclear(candidates),
        _ => Origin::Unclear(left.into()),
    }
}

/// Applies rule 4. A function begins at the end of its prefix symbol.
fn add_prefixes(linked: &[Entry], origins: &mut [Origin], names: &Names) {
    let functions: HashMap<(Name, u64), Rc<[Definition]>> = symbols(linked)
        .zip(origins.iter())
        .filter_map(|(symbol, origin)| {
            let symbol = symbol?;
            let definitions = match origin {
                Origin::Unclear(definitions) => Rc::clone(definitions),
                origin => origin.definitions().into(),
            };
            let is_function = symbol.shape.kind == STT_FUNC && !definitions.is_empty();
            is_function.then_some(((symbol.shape.name, symbol.value), definitions))
        })
        .collect();
    for (symbol, origin) in symbols(linked).zip(origins) {
        let (Some(symbol), Origin::Link) = (symbol, &*origin) else {
            continue;
        };
        let function = names
            .text(symbol.shape.name)
            .strip_prefix(PREFIX)
            .and_then(|function| names.find(function));
        let end = symbol.value.wrapping_add(symbol.shape.size);
        let definitions = function.and_then(|function| functions.get(&(function, end)));
        if let Some(definitions) = definitions {
            *origin = Origin::Prefix(Rc::clone(definitions));
        }
    }
}

/// Makes a symbol unclear if its address does not fit the other symbols of its section.
fn doubt_displaced(program: &Program, linked: &[Entry], origins: &mut [Origin]) {
    let definitions = origins.iter().map(|origin| match origin {
        Origin::Defined(definition) => Some(*definition),
        _ => None,
    });
    let bases = Bases::new(program, known(linked, definitions));
    for (symbol, origin) in symbols(linked).zip(origins) {
        if let (Some(symbol), &mut Origin::Defined(definition)) = (symbol, &mut *origin) {
            if bases.agree(program, definition, symbol.value) == Some(false) {
                *origin = Origin::Unclear(program.named(symbol.shape.name).into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use object::SectionIndex;

    use super::*;
    use crate::program::ObjectFile;

    /// The number of symbols in each object. All objects use the same names.
    const ALIKE: usize = 8;

    /// The address of the first symbol in vmlinux.
    const TEXT: u64 = 0xffff_ffff_8100_0000;

    /// A kernel with static functions of equal names, each function in its own section.
    struct Kernel {
        program: Program,
        linked: Vec<Entry>,
        names: Names,
    }

    impl Kernel {
        fn of(objects: usize) -> Self {
            let mut names = Names::default();
            let mut program = Program::default();
            let mut linked = Vec::new();
            let alike: Vec<Name> = (0..ALIKE)
                .map(|number| names.add(format!("__func__.{number}").as_bytes()))
                .collect();
            for object in 0..objects {
                let file = names.add(format!("{object}.c").as_bytes());
                let path = PathBuf::from(format!("{object}.o"));
                let entries = |value: &dyn Fn(usize) -> u64| -> Vec<Entry> {
                    let symbols = alike.iter().enumerate();
                    let symbols = symbols.map(|(at, &name)| symbol(name, at + 1, value(at)));
                    [Entry::File(file)].into_iter().chain(symbols).collect()
                };
                let new = ObjectFile::new(path, Vec::new(), HashSet::new());
                program.add(new, file, entries(&|_| 0));
                linked.extend(entries(&|at| TEXT + 8 * (ALIKE * object + at) as u64));
            }
            Self {
                program,
                linked,
                names,
            }
        }

        fn origins(&self) -> Vec<Origin> {
            origins(&self.program, &self.linked, &self.names)
        }
    }

    fn symbol(name: Name, section: usize, value: u64) -> Entry {
        Entry::Symbol(Symbol {
            shape: Shape {
                name,
                kind: STT_FUNC,
                size: 8,
            },
            binding: Binding::Local,
            hidden: false,
            common: false,
            value,
            section: Some(SectionIndex(section)),
        })
    }

    #[test]
    fn file_marks_distinguish_symbols_with_equal_names() {
        let kernel = Kernel::of(3);
        let mut definitions = kernel.program.units.iter().flat_map(|unit| &unit.locals);
        for (entry, origin) in kernel.linked.iter().zip(kernel.origins()) {
            if let Entry::Symbol(_) = entry {
                let definition = definitions.next().copied();
                assert_eq!(Some(origin), definition.map(Origin::Defined));
            }
        }
        assert_eq!(definitions.next(), None);
    }

    /// An algorithm that compares each symbol with all symbols of its name takes 100 times as long. The limit is
    /// wide, and the fastest run counts, because other programs may run at the same time.
    #[test]
    fn ten_times_as_many_objects_take_about_ten_times_as_long() {
        let kernels = [Kernel::of(400), Kernel::of(4_000)];
        let mut fastest = [Duration::MAX; 2];
        for _ in 0..5 {
            for (kernel, fastest) in kernels.iter().zip(&mut fastest) {
                let start = Instant::now();
                assert_eq!(kernel.origins().len(), kernel.linked.len());
                *fastest = start.elapsed().min(*fastest);
            }
        }
        let [small, large] = fastest.map(|time| time.as_secs_f64());
        assert!(large / small < 60.0, "{small:.3} s, {large:.3} s");
    }
}
