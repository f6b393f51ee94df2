use super::UrlSessionStatus;
use super::convert::checked;

/// Makes the library panic once: 0 in this very call, 1 in the next task that is driven, 2 in the next message that
/// is delivered. For the library's own tests; a release build has no such function.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_fault_panic(place: u32) -> UrlSessionStatus {
    checked(|| match place {
        0 => panic!("asked for by url_session_fault_panic"),
        place => crate::fault::arm(place).then_some(()).ok_or(UrlSessionStatus::INVALID_ARGUMENT),
    })
}
