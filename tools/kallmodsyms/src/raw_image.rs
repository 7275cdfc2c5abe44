// SPDX-License-Identifier: GPL-2.0

//! An Image of arm64 or riscv: the memory of the kernel as `objcopy -O binary` writes it, without sections
//! and symbols.
//!
//! An Image begins with a header; see Documentation/arch/arm64/booting.rst and
//! Documentation/arch/riscv/boot-image-header.rst of the kernel.
//!
//! ```text
//! 38: 41 52 4d 64                                                 arm64
//! 30: 52 49 53 43 56 00 00 00 52 53 43 05                         riscv
//! ```

/// The machine that an Image is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Machine {
    /// The first byte of the Image is at `_text`.
    Arm64,
    /// Instructions precede `_text`.
    Riscv,
}

impl Machine {
    /// The machine of the Image `bytes`; `None` if `bytes` are no Image.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes.get(0x38..0x3c)? {
            b"ARM\x64" => Some(Self::Arm64),
            b"RSC\x05" if bytes.get(0x30..0x38) == Some(b"RISCV\0\0\0") => Some(Self::Riscv),
            _ => None,
        }
    }
}
