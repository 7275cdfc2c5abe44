// SPDX-License-Identifier: GPL-2.0

//! A page of a compressed dump. The flags of the page tell how it is compressed.

use std::io::Read;

/// The flags of a page that is compressed.
const ZLIB: u32 = 0x1;
const LZO: u32 = 0x2;
const SNAPPY: u32 = 0x4;
const ZSTD: u32 = 0x20;

/// Decompresses a page of `size` bytes.
///
/// # Errors
///
/// A clause about the page, for the end of a message: `it has 12 bytes (lzo)`.
pub(super) fn decompress(bytes: Vec<u8>, flags: u32, size: usize) -> Result<Vec<u8>, String> {
    let (form, page) = match flags {
        0 => ("plain", Ok(bytes)),
        ZLIB => ("zlib", zlib(&bytes, size)),
        LZO => ("lzo", lzo(&bytes, size)),
        SNAPPY => ("snappy", snappy(&bytes, size)),
        ZSTD => ("zstd", zstd(&bytes, size)),
        _ => return Err(format!("its form {flags:#x} is not known")),
    };
    match page {
        Ok(page) if page.len() == size => Ok(page),
        Ok(page) if page.len() > size => Err(format!("it has more than {size} bytes ({form})")),
        Ok(page) => Err(format!("it has {} bytes ({form})", page.len())),
        Err(error) => Err(format!("it does not decompress ({form}): {error}")),
    }
}

fn zlib(bytes: &[u8], size: usize) -> Result<Vec<u8>, String> {
    read(flate2::read::ZlibDecoder::new(bytes), size)
}

fn zstd(bytes: &[u8], size: usize) -> Result<Vec<u8>, String> {
    let decoder = zstd::Decoder::with_buffer(bytes);
    read(decoder.map_err(|error| error.to_string())?, size)
}

fn lzo(bytes: &[u8], size: usize) -> Result<Vec<u8>, String> {
    let mut page = vec![0; size];
    let done = lzo1x::decompress(bytes, &mut page);
    done.map(|()| page).map_err(|error| error.to_string())
}

fn snappy(bytes: &[u8], size: usize) -> Result<Vec<u8>, String> {
    let mut page = vec![0; size];
    let done = snap::raw::Decoder::new().decompress(bytes, &mut page);
    done.map(|len| page.get(..len).unwrap_or_default().to_vec())
        .map_err(|error| error.to_string())
}

/// The bytes of a page. One byte beyond `size` is read, to detect data that are too long.
fn read(data: impl Read, size: usize) -> Result<Vec<u8>, String> {
    let mut page = Vec::new();
    let done = data.take(size as u64 + 1).read_to_end(&mut page);
    done.map(|_| page).map_err(|error| error.to_string())
}
