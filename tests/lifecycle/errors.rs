use crate::support::origin::{Connection, Origin};
use crate::support::story::Story;

#[test]
fn e054_four_faults_of_a_url_are_four_errors() {
    let number = |url: &str| {
        let story = Story::of(url);
        assert_eq!(story.transcript(), format!("did_complete 1 {}", story.error().code()), "{url:?}");
        let cause = story.error().underlying();
        if let Some(cause) = &cause {
            assert_eq!(cause.domain(), "UrlSessionUrlDomain", "{url:?}");
        }
        (story.error().code(), cause.map(|cause| cause.code()))
    };
    assert_eq!(number(""), (-1000, Some(1)));
    assert_eq!(number("   "), (-1000, Some(1)));
    for url in ["no scheme", "example.com/path", "http://[::1", "http://127.0.0.1:port/", "http://a b/", "//host/"] {
        assert_eq!(number(url), (-1000, Some(2)), "{url:?}");
    }
    for url in ["http://", "https://", "http:///", "http://:80/"] {
        assert_eq!(number(url), (-1000, Some(3)), "{url:?}");
    }
    for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "ws://127.0.0.1/", "data:,hello", "mailto:a@b", "about:blank"]
    {
        assert_eq!(number(url), (-1002, None), "{url:?}");
    }
}

#[test]
fn e053_an_error_says_what_failed_where_and_why() {
    let cases = [
        ("", -1000, Some("")),
        ("ftp://user:secret@127.0.0.1/file", -1002, Some("ftp://127.0.0.1/file")),
        ("http://[::1", -1000, Some("http://[::1")),
        ("https://user:secret@exa mple.com/", -1000, Some("https://exa mple.com/")),
        ("https:/user:secret@exa mple.com/", -1000, Some("https://exa mple.com/")),
        ("https:///user:secret@exa mple.com/", -1000, Some("https://exa mple.com/")),
        ("https://user:sec/ret@exa mple.com/", -1000, Some("https://exa mple.com/")),
        ("http://user:se?cret@h ost/", -1000, Some("http://h ost/")),
    ];
    for (url, code, failing_url) in cases {
        let error = Story::of(url).error();
        assert_eq!((error.domain().as_str(), error.code()), ("NSURLErrorDomain", code));
        assert_eq!(error.failing_url().as_deref(), failing_url);
        assert!(error.message().len() > 20 && !error.message().contains("secret"), "{}", error.message());
    }
}

#[test]
fn a_peer_that_closes_at_once_is_an_error() {
    let origin = Origin::http(Connection::close);
    assert_eq!(Story::of(&origin.url("/")).transcript(), "did_complete 1 -1005");
}
