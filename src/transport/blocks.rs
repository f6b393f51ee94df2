//! Memory for reads, kept by the thread that reads. A block comes back when the last chunk cut from it is gone, warm
//! and without a call to the allocator; a connection that only waits has none.

use std::cell::RefCell;

use bytes::BytesMut;

/// What a thread keeps, of up to the largest read each.
const MOST: usize = 16;

thread_local! {
    /// The last used at the end. Some may still be lent to the application.
    static BLOCKS: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty block with room for so many bytes.
pub(super) fn take(size: usize) -> BytesMut {
    let kept = BLOCKS.with_borrow_mut(|blocks| {
        let free = blocks.iter_mut().rposition(|block| block.try_reclaim(size))?;
        Some(blocks.remove(free))
    });
    kept.unwrap_or_else(|| BytesMut::with_capacity(size))
}

/// What was read into it may still be in use.
pub(super) fn put(mut block: BytesMut) {
    block.clear();
    BLOCKS.with_borrow_mut(|blocks| {
        if blocks.len() == MOST {
            blocks.remove(0);
        }
        blocks.push(block);
    });
}
