// SPDX-License-Identifier: GPL-2.0

//! Compares decoded object files, and lines with braces, with the object files that an encoder of these tests
//! encoded.

#[path = "../kernel/objects.rs"]
mod encoded;
#[path = "../kernel/mod.rs"]
mod kernel;

use encoded::Encoded;
use format::{
    object_paths::WHOLE_PATH,
    objects::{ObjectError, ObjectId, ObjectTables, BLOCK},
    walk::{self, Walk, WINDOW},
};
use kernel::Kernel;
use proptest::{collection::vec, prelude::*};

/// Consecutive symbols: their number, their object file and the number of components in braces.
type Run = (usize, Option<usize>, u8);

/// The text in braces.
fn braces(path: &str, components: u8) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let kept = match components {
        WHOLE_PATH => parts.len(),
        count => parts.len().min(count.into()),
    };
    parts[parts.len() - kept..].join("/")
}

fn each_symbol(runs: &[Run], symbols: usize) -> Vec<(Option<usize>, u8)> {
    let all = runs.iter().cycle().flat_map(|&(len, object, components)| {
        let components = if object.is_some() { components } else { 0 };
        std::iter::repeat_n((object, components), len)
    });
    all.take(symbols).collect()
}

const OBJECTS: usize = 400;

fn paths() -> impl Strategy<Value = Vec<String>> {
    let name = "[a-z+,@()-]{1,9}(\\.o)?";
    let path = prop_oneof![
        8 => ("[a-z]{1,5}(/[a-z]{1,5}){0,3}", name).prop_map(|(directory, name)| format!("{directory}/{name}")),
        1 => name.prop_map(String::from),
        1 => ("[a-z]{50,60}", name).prop_map(|(directory, name)| format!("{directory}/{name}")),
    ];
    vec(path, OBJECTS)
}

fn runs() -> impl Strategy<Value = Vec<Run>> {
    let len = prop_oneof![5 => 1..4_usize, 3 => 4..20_usize, 1 => 20..600_usize];
    let object = prop_oneof![1 => Just(None), 8 => (0..OBJECTS).prop_map(Some)];
    let components =
        prop_oneof![4 => Just(0_u8), 4 => Just(1), 1 => 2..5_u8, 1 => Just(WHOLE_PATH)];
    vec((len, object, components), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 48 }))]

    #[test]
    fn every_symbol_has_its_object_file(
        paths in paths(),
        runs in runs(),
        symbols in 0..1500_usize,
        is_long: bool,
    ) {
        let symbols = each_symbol(&runs, symbols);
        let encoded = Encoded::new(&paths, &symbols, is_long);
        let tables = ObjectTables::new(encoded.raw(), symbols.len() as u32).unwrap();
        for (index, &(object, components)) in (0..).zip(&symbols) {
            let run = tables.run_of(index).unwrap();
            let id = object.map(|object| ObjectId(object as u32));
            prop_assert_eq!((run.object, run.components), (id, components));
        }
        prop_assert_eq!(tables.run_of(symbols.len() as u32), None);
        for (number, path) in (0..).zip(&paths) {
            let decoded = tables.path(ObjectId(number)).unwrap();
            prop_assert_eq!(decoded.parts().concat(), path.as_bytes());
            for components in [1, 2, 3, 4, WHOLE_PATH] {
                let end = decoded.last_components(components).parts().concat();
                prop_assert_eq!(end, braces(path, components).into_bytes());
            }
        }
        prop_assert_eq!(tables.path(ObjectId(OBJECTS as u32)), None);
    }

    /// A path ends with some bytes only if these bytes are whole components.
    #[test]
    fn a_path_ends_with_its_last_components(paths in paths()) {
        let encoded = Encoded::new(&paths, &[], false);
        let tables = ObjectTables::new(encoded.raw(), 0).unwrap();
        for (number, path) in (0..).zip(&paths) {
            let decoded = tables.path(ObjectId(number)).unwrap();
            for start in 0..=path.len() {
                let end = &path.as_bytes()[start..];
                let is_whole = start == 0 || path[..start].ends_with('/');
                prop_assert_eq!(decoded.ends_with(end), is_whole && !end.is_empty());
                prop_assert_eq!(decoded.is(end), start == 0);
            }
            for other in [format!("/{path}"), format!("a/{path}"), path.replacen('o', "p", 1)] {
                prop_assert_eq!(decoded.ends_with(other.as_bytes()), other == *path);
                prop_assert_eq!(decoded.is(other.as_bytes()), other == *path);
            }
        }
    }

    /// The lines with braces equal the lines without them, plus the braces.
    #[test]
    fn lines_have_braces(
        paths in paths(),
        runs in runs(),
        names in vec("[a-f_]{1,40}", 1..600),
        start in any::<prop::sample::Index>(),
        wanted in prop_oneof![1..100_usize, 100..9000_usize],
        room in 2 * WINDOW..4 * WINDOW,
        show_values: bool,
    ) {
        let ranges = [(3, vec!["ext4".to_owned()]), (5, vec![]), (40, vec!["a".into(), "b".into()])];
        let symbols: Vec<_> = names.iter().map(|name| (16, None, b't', name.clone().into_bytes())).collect();
        let kernel = Kernel::new(symbols, 2, &ranges, &[7], true);
        let symbols = each_symbol(&runs, names.len());
        let encoded = Encoded::new(&paths, &symbols, false);
        let objects = ObjectTables::new(encoded.raw(), symbols.len() as u32).unwrap();
        let start = start.index(names.len());
        let lines = kernel.tables().with(|tables| {
            let tables = walk::Tables {
                names: tables.names,
                tokens: tables.tokens,
                places: tables.places,
                modules: tables.modules,
                sizes: tables.sizes,
                objects: Some(&objects),
            };
            let mut buf = vec![b'#'; room];
            let mut walk = Walk::new(&tables, 0);
            walk.lines(&tables, &mut buf, wanted, show_values);
            walk.go_to(&tables, start as u32);
            let mut all = Vec::new();
            while (walk.index() as usize) < tables.places.len() {
                let before = walk.index();
                let len = walk.lines(&tables, &mut buf, wanted, show_values);
                assert!(walk.index() > before, "the line of symbol {before} does not fit");
                all.extend_from_slice(&buf[..len]);
            }
            String::from_utf8(all).unwrap()
        });
        let mut lines = lines.lines();
        for (index, &(object, components)) in symbols.iter().enumerate().skip(start) {
            let symbol = &kernel.symbols[index];
            let modules = kernel.modules_of(symbol).iter().map(|module| format!("[{module}]"));
            let path = object.filter(|_| components != 0).map(|object| &paths[object]);
            let path = path.map(|path| format!("{{{}}}", braces(path, components)));
            let places: Vec<String> = modules.chain(path).collect();
            let tab = if places.is_empty() { "" } else { "\t" };
            let (address, size) = match show_values {
                true => (symbol.address, symbol.size),
                false => (0, 0),
            };
            let expected = format!(
                "{address:016x} {size:x} t {}{tab}{}",
                names[index], places.join(" ")
            );
            prop_assert_eq!(lines.next(), Some(&*expected));
        }
        prop_assert_eq!(lines.next(), None);
    }

    /// Tables with a changed byte are refused, or the object file of each symbol still has a path.
    #[test]
    fn tables_with_a_changed_byte(
        paths in paths(),
        runs in runs(),
        symbols in 1..1500_usize,
        table in 0..3_usize,
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let symbols = each_symbol(&runs, symbols);
        let mut encoded = Encoded::new(&paths, &symbols, false);
        let table = match table {
            0 => &mut encoded.runs,
            1 => &mut encoded.names,
            _ => &mut encoded.directories,
        };
        let at = at.index(table.len());
        table[at] = byte;
        if let Ok(tables) = ObjectTables::new(encoded.raw(), symbols.len() as u32) {
            for symbol in 0..symbols.len() as u32 {
                let object = tables.run_of(symbol).unwrap().object;
                prop_assert!(object.is_none_or(|object| tables.path(object).is_some()));
            }
        }
    }
}

/// Blocks whose lines have no braces are skipped.
#[test]
fn blocks_with_braces_are_found() {
    let block = BLOCK as usize;
    let mut symbols = vec![(Some(0), 0); 4 * block];
    symbols[7].1 = 1;
    symbols[3 * block + 9].1 = 1;
    let encoded = Encoded::new(&["a.o".to_owned()], &symbols, false);
    let tables = ObjectTables::new(encoded.raw(), symbols.len() as u32).unwrap();
    let first_from = |symbol| tables.braces_from(symbol).map(|runs| runs.symbol());
    assert_eq!(first_from(0), Some(0));
    assert_eq!(first_from(8), Some(0));
    assert_eq!(first_from(BLOCK), Some(3 * BLOCK));
    assert_eq!(first_from(3 * BLOCK + 255), Some(3 * BLOCK));
    assert_eq!(first_from(4 * BLOCK), None);
}

/// Skipping runs and reading runs give the same numbers, also after the beginning of a block.
#[test]
fn skipped_runs_count() {
    let paths: Vec<String> = (0..6).map(|number| format!("{number}.o")).collect();
    let mut symbols = vec![(Some(5), 0); BLOCK as usize];
    symbols.extend([(Some(2), 0), (Some(3), 1)]);
    let encoded = Encoded::new(&paths, &symbols, false);
    let tables = ObjectTables::new(encoded.raw(), symbols.len() as u32).unwrap();
    let mut runs = tables.runs_from(0);
    assert!(runs.skip_short());
    assert_eq!(runs.symbol(), BLOCK);
    assert!(!runs.skip_short());
    assert_eq!(runs.symbol(), BLOCK + 1);
    let run = runs.next().unwrap();
    assert_eq!((run.object, run.components), (Some(ObjectId(3)), 1));
}

/// A kernel of three symbols and two object files.
fn small() -> Encoded {
    let paths = ["fs/a.o".to_owned(), "b.o".to_owned()];
    Encoded::new(&paths, &[(Some(0), 0), (Some(1), 1), (None, 0)], false)
}

fn refused(damage: impl FnOnce(&mut Encoded)) -> ObjectError {
    let mut tables = small();
    damage(&mut tables);
    ObjectTables::new(tables.raw(), 3).unwrap_err()
}

#[test]
fn damaged_tables_are_refused() {
    assert!(ObjectTables::new(small().raw(), 3).is_ok());
    use ObjectError::*;
    assert_eq!(refused(|tables| tables.markers.push(3)), MarkerCount);
    assert_eq!(
        refused(|tables| tables.markers[0] += 1),
        BadMarker { block: 0 }
    );
    // The block has braces.
    assert_eq!(
        refused(|tables| tables.markers[0] = 0),
        BadMarker { block: 0 }
    );
    // A run of 8 symbols crosses the end of the block.
    assert_eq!(
        refused(|tables| tables.runs.splice(..1, [0, 7]).for_each(drop)),
        BadRun { symbol: 0 }
    );
    // There is no third object file.
    assert_eq!(
        refused(|tables| tables.runs[1] = 0x32),
        BadRun { symbol: 1 }
    );
    // Braces without an object file.
    assert_eq!(
        refused(|tables| tables.runs[2] |= 0x10),
        BadRun { symbol: 2 }
    );
    assert_eq!(
        refused(|tables| tables.runs.push(0x20)),
        BadRun { symbol: 3 }
    );
    assert_eq!(
        refused(|tables| tables.runs.truncate(2)),
        BadRun { symbol: 2 }
    );
    assert_eq!(
        refused(|tables| tables.directory_starts[0] = 1),
        BadDirectories
    );
    assert_eq!(
        refused(|tables| tables.directory_starts[1] = 2),
        BadDirectories
    );
    assert_eq!(
        refused(|tables| tables.directory_offsets[1] = 1),
        BadDirectory { row: 1 }
    );
    assert_eq!(
        refused(|tables| tables.directories[1] = b'{'),
        BadDirectory { row: 0 }
    );
    assert_eq!(
        refused(|tables| tables.directories.truncate(2)),
        BadDirectory { row: 0 }
    );
    assert_eq!(
        refused(|tables| tables.names[0] = b'/'),
        BadName { object: 0 }
    );
    assert_eq!(
        refused(|tables| tables.names[2] = b' '),
        BadName { object: 1 }
    );
    assert_eq!(
        refused(|tables| tables.names.truncate(2)),
        BadName { object: 1 }
    );
    assert_eq!(
        refused(|tables| tables.names.push(b'c')),
        BadName { object: 2 }
    );
    assert_eq!(
        refused(|tables| tables.name_offsets[0] = 2),
        BadName { object: 0 }
    );
    assert_eq!(
        refused(|tables| tables.name_offsets.push(0)),
        BadName { object: 2 }
    );
}
