// SPDX-License-Identifier: GPL-2.0

//! Colours of text on a terminal, as escape sequences of ECMA-48.

/// An escape sequence that begins a colour.
pub(crate) type Color = &'static str;

/// A mark behind a symbol: cyan.
pub(crate) const MARK: Color = "\x1b[36m";

/// A larger row: red.
pub(crate) const LARGER: Color = "\x1b[31m";

/// A smaller row: green.
pub(crate) const SMALLER: Color = "\x1b[32m";

/// The end of a colour.
pub(crate) const PLAIN: &str = "\x1b[m";
