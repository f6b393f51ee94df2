#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| urlsession::fuzz::pkcs12(bytes));
