//! Bytes of a file that the system has in memory, read without waiting for a disk.

use std::fs::File;

/// How many bytes came; none where it cannot be known that they would come at once.
#[cfg(target_os = "linux")]
pub(crate) fn read_cached(file: &File, buffer: &mut [u8], offset: u64) -> Option<usize> {
    use std::io::IoSliceMut;

    use rustix::io::{ReadWriteFlags, preadv2};

    let mut into = [IoSliceMut::new(buffer)];
    preadv2(file, &mut into, offset, ReadWriteFlags::NOWAIT).ok().filter(|&bytes| bytes > 0)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn read_cached(_: &File, _: &mut [u8], _: u64) -> Option<usize> {
    None
}
