// SPDX-License-Identifier: GPL-2.0

//! Fuzzes the parsers of link maps, and the layout of the image. A zero byte separates the map of vmlinux
//! from the map of vmlinux.o.

use std::path::Path;

use super::check_message;
use crate::attribute::image_layout::ImageLayout;
use crate::attribute::object_modules::ObjectModules;
use crate::attribute::piece::Piece;
use crate::attribute::place::PlaceWalk;
use crate::read::map::{self, LinkMap};
use crate::read::modules_builtin::BuiltinModules;
use crate::read::vmlinux_o;

pub fn run(input: &[u8]) {
    let mut texts = input.splitn(2, |&byte| byte == 0);
    let outer = texts.next().and_then(|text| parse("vmlinux.map", text));
    let Some(outer) = outer else { return };
    let inner = texts.next().and_then(|text| parse("vmlinux.o.map", text));
    if vmlinux_o::is_linked_into(&outer) && inner.is_none() {
        return;
    }
    let builtin = BuiltinModules::default();
    let layout = ImageLayout::new(&outer, inner.as_ref()).and_then(|mut layout| {
        layout.settle_merging(&ObjectModules::new(&builtin, &[]), Path::new("vmlinux.map"))?;
        Ok(layout)
    });
    match layout {
        Ok(layout) => {
            let pieces = &layout.pieces;
            assert!(pieces.iter().all(|piece| piece.start < piece.end));
            let apart = |pair: &[Piece<'_>]| pair[0].end <= pair[1].start;
            assert!(pieces.windows(2).all(apart), "{pieces:x?}");
            for piece in pieces {
                for address in [piece.start, piece.end - 1] {
                    let mut places = PlaceWalk::new(&layout, 0);
                    let place = places.at(address);
                    let found = place.within.or(place.begins);
                    assert_eq!(found.map(|found| found.start), Some(piece.start));
                }
            }
        }
        Err(error) => check_message(&error),
    }
}

fn parse<'m>(path: &str, text: &'m [u8]) -> Option<LinkMap<'m>> {
    let map = match map::parse(Path::new(path), text) {
        Ok(map) => map,
        Err(error) => {
            check_message(&error);
            return None;
        }
    };
    let count = text.iter().filter(|&&byte| byte == b'\n').count() + 1;
    for section in &map.sections {
        for part in &section.contributions {
            assert!(!part.object.path().is_empty() || part.object.is(b""));
        }
    }
    assert!(map.objects.len() + map.unknown_count <= count);
    Some(map)
}
