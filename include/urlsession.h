/*
 * liburlsession: Apple's URLSession for everything that can call C.
 *
 * A session makes tasks; library threads drive them; at every step of the life cycle the library calls a function
 * pointer in the delegate that the application gave it. The contract, a paragraph each:
 *
 *  1. Handles are opaque and reference-counted. What a `_new` or a `copy` gives is one reference of yours, everything
 *     else is lent. There is a `_retain` and a `_release` for all, and `_release(NULL)` does nothing. `const T *`
 *     means that the call changes nothing. A handle is not an address: one that was released, or is of another kind,
 *     gives INVALID_HANDLE or the function's empty answer, never a crash. Configuration, request and form: filled by
 *     one thread, copied when used. Everything else, storages of cookies, credentials and HSTS too: any thread, any
 *     time. A storage is never copied by being used: what one session puts there, all that use it find. Letting go of
 *     a session that was never invalidated finishes its tasks and invalidates it: nothing leaks by forgetting.
 *
 *  2. Callbacks lend. Objects, texts, buffers: until the slot returns. Retain to keep an object, copy to keep bytes.
 *
 *  3. Answers. A slot that must decide gets a completion. Answer in the slot, or retain the completion and answer
 *     later from any thread. The first answer wins, a second returns ALREADY_ANSWERED, unanswered and unretained
 *     means the default, and an answer that comes too late is harmless.
 *
 *  4. The delegate is a struct: its size, a context, a release function, then slots in the order of the life cycle.
 *     NULL means not implemented, which is the behaviour written at the slot. Slots return void and get the context
 *     first, then session, task, details, and the completion last. An older, smaller struct is taken as it is, and of
 *     a newer, larger one the part that this library knows. `release` comes once, after did-become-invalid has
 *     returned.
 *
 *  5. Threads. The messages of one session come one at a time, in order, never inside a call of yours
 *     (did_create_task excepted) and never under a lock. Every function may be called in every callback. Messages
 *     come on a library thread, not always the same. A dialer and a signer get no messages: they work beside them, and
 *     may be called on several threads at once.
 *
 *  6. Two kinds of failure. A UrlSessionStatus that is returned says that you called it wrong; FAILED alone says that
 *     the system could not do it, or that there is no certificate in what was given as one, and the call's `error`
 *     says why. A UrlSessionError in task_did_complete says that the transfer failed, in Apple's numbers
 *     (NSURLErrorDomain). HTTP 4xx and 5xx are neither. There is no last error to ask for.
 *
 *  7. Out-parameters come last and are always written.
 *
 *  8. Text is NUL-terminated UTF-8. Bytes are a pointer and a length; NULL is allowed when the length is 0.
 *
 *  9. Numbers are int32_t or uint32_t types with named constants, where Apple has them with Apple's values. An unknown
 *     one coming in is INVALID_ARGUMENT.
 *
 * 10. The ABI only grows within a soname, which is liburlsession.so.0.y before 1.0. A panic never crosses the border:
 *     it ends its task with UNKNOWN, or its call with INTERNAL. The library raises no SIGPIPE, installs no signal or
 *     exit handler and writes to no standard stream, but for Rust's report of a panic on standard error.
 */


#ifndef URLSESSION_H
#define URLSESSION_H

/* Generated from src/ffi by cbindgen; `make header` writes it anew. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Makes tasks and tells its delegate about them (Apple: URLSession). Any thread, any time.
 */
typedef struct UrlSession UrlSession;

/**
 * A body that is read while it is sent (Apple: NSInputStream). It is read by one task at a time. Any thread, any time.
 */
typedef struct UrlSessionBodyStream UrlSessionBodyStream;

/**
 * The question for a stream to send (Apple: the completionHandler of task:needNewBodyStream:). Answer it in the slot,
 * or retain it and answer later from any thread.
 */
typedef struct UrlSessionBodyStreamCompletion UrlSessionBodyStreamCompletion;

/**
 * Somebody wants to know who the application is, or whether it trusts them (Apple: URLAuthenticationChallenge).
 * Unchanging; any thread, any time.
 */
typedef struct UrlSessionChallenge UrlSessionChallenge;

/**
 * The question who the application is, or whom it trusts (Apple: the completionHandler of
 * didReceiveChallenge:completionHandler:). Answer it in the slot, or retain it and answer later from any thread.
 */
typedef struct UrlSessionChallengeCompletion UrlSessionChallengeCompletion;

/**
 * How a session behaves (Apple: URLSessionConfiguration). Filled by one thread; a session takes a copy, so later
 * changes touch no session.
 */
typedef struct UrlSessionConfiguration UrlSessionConfiguration;

/**
 * A cookie (Apple: NSHTTPCookie). It never changes. Any thread, any time.
 */
typedef struct UrlSessionCookie UrlSessionCookie;

/**
 * Cookies of one session or of several (Apple: NSHTTPCookieStorage): at most 3000, 180 of a domain; what is longest
 * unused makes room. In memory, and in a file where it was given one. Any thread, any time.
 */
typedef struct UrlSessionCookieStorage UrlSessionCookieStorage;

/**
 * What proves who the application is, or that it accepts who a server is (Apple: URLCredential). Unchanging; any
 * thread, any time. Nothing secret in it gets into an error, a log or resume data.
 */
typedef struct UrlSessionCredential UrlSessionCredential;

/**
 * Credentials by the protection space where they are good (Apple: URLCredentialStorage). What a challenge's default
 * handling finds here it proposes and uses. The method is part of the space: a password for HTTP_BASIC is not sent as
 * HTTP_DIGEST, nor the other way round. Several sessions may use one; any thread, any time.
 */
typedef struct UrlSessionCredentialStorage UrlSessionCredentialStorage;

/**
 * Counted, unchanging bytes: a received chunk, a gathered body, or a text that was copied out (Apple: NSData).
 * Any thread, any time.
 */
typedef struct UrlSessionData UrlSessionData;

/**
 * A whole download, closed, in its temporary file. The file is removed with the last reference: when the slot that
 * lends it has returned, or when you give back one of your own. Unless it was moved. Any thread, any time.
 */
typedef struct UrlSessionDownloadedFile UrlSessionDownloadedFile;

/**
 * Why a transfer failed (Apple: NSError, URLError). Unchanging; any thread, any time; good after its task is gone.
 * HTTP 4xx and 5xx are answers, not errors.
 */
typedef struct UrlSessionError UrlSessionError;

/**
 * Which hosts are spoken to over https only, because they said so in Strict-Transport-Security (RFC 6797) or you did.
 * Of every answer over https, from a server whose certificate nobody had to accept, sessions learn here; before every
 * request, redirects included, an http URL of such a host becomes https, at another port than 80 that port. Nobody is
 * asked, it counts as no redirect, and the task's current request shows it. Addresses have no policy. Up to 10000
 * hosts; the first to expire makes room. Any thread, any time.
 */
typedef struct UrlSessionHstsStorage UrlSessionHstsStorage;

/**
 * A form of fields and files as a body (RFC 7578). Filled by one thread; files are read when they are sent, piece by
 * piece. Names and file names may hold anything: what would break the form is written as browsers do it, a quote as
 * %22, CR as %0D, LF as %0A.
 */
typedef struct UrlSessionMultipartForm UrlSessionMultipartForm;

/**
 * Where a credential is good: a server or a proxy, and a realm of it (Apple: URLProtectionSpace; RFC 9110, 11.5).
 * Unchanging; any thread, any time.
 */
typedef struct UrlSessionProtectionSpace UrlSessionProtectionSpace;

/**
 * The question for the next bytes of a body.
 */
typedef struct UrlSessionReadCompletion UrlSessionReadCompletion;

/**
 * The question where a redirect leads (Apple: the completionHandler of willPerformHTTPRedirection:). Answer it in the
 * slot, or retain it and answer later from any thread.
 */
typedef struct UrlSessionRedirectionCompletion UrlSessionRedirectionCompletion;

/**
 * What to ask for (Apple: URLRequest). Filled by one thread; a task copies it, so later changes touch no task.
 */
typedef struct UrlSessionRequest UrlSessionRequest;

/**
 * The head of an answer (Apple: URLResponse and HTTPURLResponse in one). Unchanging; any thread, any time. What its
 * getters lend lives as long as you hold the response.
 */
typedef struct UrlSessionResponse UrlSessionResponse;

/**
 * The question at the response gate (Apple: the completionHandler of dataTask:didReceiveResponse:). Answer it in the
 * slot, or retain it and answer later from any thread.
 */
typedef struct UrlSessionResponseCompletion UrlSessionResponseCompletion;

/**
 * The certificates that a server showed for one connection, and the platform's verdict (Apple: SecTrust). They stand
 * as they came: only the first is proven to be the server's, the others may belong to nobody in its chain. So compare
 * what you pin with the first alone, or leave it to url_session_configuration_add_pinned_public_key. Unchanging; any
 * thread, any time.
 */
typedef struct UrlSessionServerTrust UrlSessionServerTrust;

/**
 * One transfer (Apple: URLSessionTask). Any thread, any time.
 */
typedef struct UrlSessionTask UrlSessionTask;

/**
 * What a call to this library says: whether *you called it right*. How a transfer went is a UrlSessionError.
 */
typedef uint32_t UrlSessionStatus;
/**
 * Done.
 */
#define URL_SESSION_STATUS_OK 0
/**
 * A pointer that must not be NULL was NULL. Nothing was done.
 */
#define URL_SESSION_STATUS_NULL_ARGUMENT 1
/**
 * A number, a text or a size that this function does not take. Nothing was done.
 */
#define URL_SESSION_STATUS_INVALID_ARGUMENT 2
/**
 * The handle was released before, or never was one of this kind. Nothing was done.
 */
#define URL_SESSION_STATUS_INVALID_HANDLE 3
/**
 * Right call, wrong moment: for example a delegate for a task that runs already. Nothing was done.
 */
#define URL_SESSION_STATUS_INVALID_STATE 4
/**
 * A completion was answered before; the first answer stands.
 */
#define URL_SESSION_STATUS_ALREADY_ANSWERED 5
/**
 * The session was invalidated: it makes no more tasks.
 */
#define URL_SESSION_STATUS_SESSION_INVALIDATED 6
/**
 * The system gave no thread, no memory or no descriptor.
 */
#define URL_SESSION_STATUS_OUT_OF_RESOURCES 7
/**
 * A fault inside the library, kept from crossing the border. Please report it.
 */
#define URL_SESSION_STATUS_INTERNAL 8
/**
 * The call was right and the system could not do it: the error that the function gives says why.
 */
#define URL_SESSION_STATUS_FAILED 9

/**
 * Which timer made an error UrlSessionErrorCode TIMED_OUT.
 */
typedef uint32_t UrlSessionTimeout;
/**
 * The error is not a timeout.
 */
#define URL_SESSION_TIMEOUT_NONE 0
/**
 * Waiting for a connection, resolving, connecting and the TLS handshake took too long together.
 */
#define URL_SESSION_TIMEOUT_CONNECT 1
/**
 * No byte moved for too long.
 */
#define URL_SESSION_TIMEOUT_REQUEST 2
/**
 * The whole task took too long.
 */
#define URL_SESSION_TIMEOUT_RESOURCE 3

/**
 * Where the bytes of a body come from, when the library is ready to send them (Apple: NSInputStream). Fill `size` with
 * sizeof(UrlSessionBodySource). The struct is copied. Its functions are called where the slots of the session are
 * called, one at a time with them: a `read` that would have to wait returns at once, retains its completion, and is
 * answered later; one that blocks holds up every message of the session, an early answer too.
 */
typedef struct {
    /**
     * sizeof(UrlSessionBodySource), as the application was compiled; members past it count as NULL.
     */
    size_t size;
    /**
     * Given to every function; may be NULL.
     */
    void *context;
    /**
     * Called once, when nothing here will be called any more, by whatever thread lets go of the stream last. May be
     * NULL.
     */
    void (*release)(void *context);
    /**
     * How many bytes there are from here to the end; negative, or a NULL function: nobody knows. Asked once, before
     * the first read. A length becomes the request's Content-Length: a read that goes past it, or an end before it,
     * fails the task with REQUEST_BODY_STREAM_EXHAUSTED, and once it is reached nothing more is read. Without one the
     * request's own Content-Length counts, and without that the body goes out chunked.
     */
    int64_t (*length)(void *context);
    /**
     * Write up to `capacity` bytes to `buffer` and answer how many there are; 0 is the end. In the call, or later
     * from any thread with `completion` retained. `buffer` is good until the answer, or until the completion's last
     * reference is given back, whatever becomes of the task meanwhile. Never answered: as failed. Not NULL.
     */
    void (*read)(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *completion);
    /**
     * Go to this many bytes from where the first read began, because the body has to go out again: then `length` is
     * asked anew. A read that was not answered yet is forgotten. False, or a NULL function: the stream cannot.
     */
    bool (*rewind)(void *context, int64_t offset);
    /**
     * The task does not need the stream any more, sent or not. Called once for each task that had it; another task may
     * then rewind it and read it again. May be NULL.
     */
    void (*close)(void *context);
} UrlSessionBodySource;

/**
 * How long a credential is kept once it was accepted (Apple: URLCredential.Persistence, whose numbers these are; 3,
 * synchronizable, is none of ours).
 */
typedef uint32_t UrlSessionCredentialPersistence;
/**
 * For this challenge alone; a proxy's for whatever the task still has to send through it.
 */
#define URL_SESSION_CREDENTIAL_PERSISTENCE_NONE 0
/**
 * For all tasks of this session, in memory: the same protection space does not ask again.
 */
#define URL_SESSION_CREDENTIAL_PERSISTENCE_FOR_SESSION 1
/**
 * In the session's credential storage: beyond this process only where that has a file, never elsewhere.
 */
#define URL_SESSION_CREDENTIAL_PERSISTENCE_PERMANENT 2

/**
 * A private key that never leaves where it is: a smart card, a TPM, a key store. Fill `size` with
 * sizeof(UrlSessionSigner). The struct is copied. `sign` is called on library threads, perhaps on several at once, and
 * may block: it holds up its own connection, and with 32 that make connections at once others that sign.
 */
typedef struct {
    /**
     * sizeof(UrlSessionSigner), as the application was compiled; members past it count as NULL.
     */
    size_t size;
    /**
     * Given to every function; may be NULL.
     */
    void *context;
    /**
     * Called once, when nothing here will be called any more, by whatever thread lets go of the credential last. May
     * be NULL.
     */
    void (*release)(void *context);
    /**
     * Sign `length` bytes at `message`, which are not hashed yet, in `scheme`, a SignatureScheme of TLS (RFC 8446,
     * 4.2.3): for RSA 0x0804 to 0x0806 (PSS with SHA-256, 384, 512) or with TLS 1.2 0x0401, 0x0501, 0x0601 (PKCS #1
     * with the same), for ECDSA 0x0403 (P-256), 0x0503 (P-384) or 0x0603 (P-521), in DER, for Ed25519 0x0807. Write up
     * to `capacity` bytes to `signature` and return how many; negative: there is no signature, and the task fails with
     * SECURE_CONNECTION_FAILED. Not NULL.
     */
    int64_t (*sign)(void *context,
                    uint16_t scheme,
                    const uint8_t *message,
                    size_t length,
                    uint8_t *signature,
                    size_t capacity);
} UrlSessionSigner;

/**
 * How a protection space wants to know who one is (Apple: the NSURLAuthenticationMethod… texts).
 */
typedef uint32_t UrlSessionAuthenticationMethod;
/**
 * None: the protection space is no living handle.
 */
#define URL_SESSION_AUTHENTICATION_METHOD_UNKNOWN 0
/**
 * A user and a password, as they are (RFC 7617).
 */
#define URL_SESSION_AUTHENTICATION_METHOD_HTTP_BASIC 1
/**
 * A user, and the proof of a password (RFC 7616).
 */
#define URL_SESSION_AUTHENTICATION_METHOD_HTTP_DIGEST 2
/**
 * A token (RFC 6750).
 */
#define URL_SESSION_AUTHENTICATION_METHOD_BEARER 3
/**
 * RFC 4559. Later versions speak it; this one passes it over.
 */
#define URL_SESSION_AUTHENTICATION_METHOD_NEGOTIATE 4
/**
 * As NEGOTIATE.
 */
#define URL_SESSION_AUTHENTICATION_METHOD_NTLM 5
/**
 * A certificate of the application's.
 */
#define URL_SESSION_AUTHENTICATION_METHOD_CLIENT_CERTIFICATE 6
/**
 * Whether to trust the server's certificate.
 */
#define URL_SESSION_AUTHENTICATION_METHOD_SERVER_TRUST 7

/**
 * What becomes of a challenge (Apple: URLSession.AuthChallengeDisposition, whose numbers these are).
 */
typedef uint32_t UrlSessionChallengeDisposition;
/**
 * Go on with the credential. Without one, or with one of another kind than the method wants, such as a token for
 * HTTP_BASIC, go on without: a 401 or 407 is then the response (where it refuses a tunnel the task fails with
 * USER_AUTHENTICATION_REQUIRED), a server asks for its certificate in vain, and a server that should be trusted is
 * not. A credential that this protection space has refused in this task counts as none, too.
 */
#define URL_SESSION_CHALLENGE_DISPOSITION_USE_CREDENTIAL 0
/**
 * As if the slot were NULL; the credential is ignored. For SERVER_TRUST the platform's verdict, for other methods
 * the proposed credential; where there is none, what is stored for a weaker method that is offered, too.
 */
#define URL_SESSION_CHALLENGE_DISPOSITION_PERFORM_DEFAULT_HANDLING 1
/**
 * The task fails with CANCELLED.
 */
#define URL_SESSION_CHALLENGE_DISPOSITION_CANCEL 2
/**
 * Not this one: the next method that is offered, and when there is none, as USE_CREDENTIAL without one.
 */
#define URL_SESSION_CHALLENGE_DISPOSITION_REJECT_PROTECTION_SPACE 3

/**
 * What a cookie is made of (Apple: NSHTTPCookiePropertyKey). Fill `size` with sizeof(UrlSessionCookieProperties), and
 * leave at 0 what is not said. Texts are copied.
 */
typedef struct {
    /**
     * sizeof(UrlSessionCookieProperties), as the application was compiled; members past it count as 0.
     */
    size_t size;
    /**
     * Without '='. NULL or empty: a cookie without a name, of which only the value is sent.
     */
    const char *name;
    /**
     * NULL: empty.
     */
    const char *value;
    /**
     * The host, or the domain above it; a dot in front is nothing, and a name outside ASCII is written as the DNS has
     * it. Not NULL: a cookie that goes everywhere there is not.
     */
    const char *domain;
    /**
     * What the path of a URL begins with. NULL, and what does not begin with a slash: "/".
     */
    const char *path;
    /**
     * Seconds since 1970. 0: it has no end, and goes with its storage.
     */
    double expires;
    /**
     * A UrlSessionCookieSameSite.
     */
    uint32_t same_site;
    /**
     * Not 0: only for https, on loopback too.
     */
    uint32_t secure;
    /**
     * Not 0: the server does not want scripts to see it. Recorded and no more.
     */
    uint32_t http_only;
    /**
     * Not 0: for the host `domain` alone, and not for all below it. So is every cookie whose domain is an address or
     * a public suffix, such as com or github.io.
     */
    uint32_t host_only;
} UrlSessionCookieProperties;

/**
 * With whose requests a server wants a cookie to go (Apple: NSHTTPCookieSameSitePolicy). Recorded and no more: an
 * application has no pages that could make requests to other sites.
 */
typedef uint32_t UrlSessionCookieSameSite;
/**
 * The server did not say, or said nothing that is known.
 */
#define URL_SESSION_COOKIE_SAME_SITE_UNSPECIFIED 0
/**
 * With all.
 */
#define URL_SESSION_COOKIE_SAME_SITE_NONE 1
/**
 * With those of its own site, and with those that lead to it.
 */
#define URL_SESSION_COOKIE_SAME_SITE_LAX 2
/**
 * With those of its own site.
 */
#define URL_SESSION_COOKIE_SAME_SITE_STRICT 3

/**
 * Called once, before the call that it was given to returns, with cookies that are lent until it returns itself.
 */
typedef void (*UrlSessionCookiesHandler)(void *context, UrlSessionCookie *const *cookies, size_t count);

/**
 * A TLS version, as the wire writes it.
 */
typedef uint32_t UrlSessionTlsVersion;
/**
 * TLS 1.2.
 */
#define URL_SESSION_TLS_VERSION_V1_2 771
/**
 * TLS 1.3.
 */
#define URL_SESSION_TLS_VERSION_V1_3 772

/**
 * Whose cookies are stored. Apple's numbers (NSHTTPCookieAcceptPolicy).
 */
typedef uint32_t UrlSessionCookieAcceptPolicy;
/**
 * Everybody's.
 */
#define URL_SESSION_COOKIE_ACCEPT_POLICY_ALWAYS 0
/**
 * Nobody's.
 */
#define URL_SESSION_COOKIE_ACCEPT_POLICY_NEVER 1
/**
 * Of the site of the request's main document: the same registrable domain, by the public suffix list. A request
 * that names none is its own, and so is each of its redirects.
 */
#define URL_SESSION_COOKIE_ACCEPT_POLICY_ONLY_FROM_MAIN_DOCUMENT_DOMAIN 2

/**
 * Gives a connected stream socket for a host and a port, which are the proxy's where there is one: TCP, Unix, one end
 * of a socketpair. The library owns it from then on, and speaks TLS on it where the URL says https. -1, and what is no
 * such socket, fails the task with CANNOT_CONNECT_TO_HOST. Called on a library thread, perhaps on several at once, and
 * may block; `host` is lent, an IPv6 address without brackets.
 */
typedef int32_t (*UrlSessionDialFunction)(void *context, const char *host, uint16_t port);

/**
 * As whom a request goes, where it has no Authorization field of its own; that would beat everything here.
 */
typedef uint32_t UrlSessionCredentialUse;
/**
 * As whom the session, the URL, a netrc file or, once the server has asked, the credential storage says, in this
 * order; what requests do that say nothing.
 */
#define URL_SESSION_CREDENTIAL_USE_INHERIT 0
/**
 * As nobody: nothing is sent, and the default of a challenge is to go on without.
 */
#define URL_SESSION_CREDENTIAL_USE_NONE 1
/**
 * As whom the credential says, sent ahead: a password as Basic until the server asks for Digest, a token as
 * Bearer. To the origin of the request's URL only, or from http to https of the same host, both at their default
 * ports; a redirect elsewhere goes on as with INHERIT.
 */
#define URL_SESSION_CREDENTIAL_USE_THIS 2

/**
 * How far a task is (Apple: NSProgress of a task): enough to draw a bar from.
 */
typedef struct {
    /**
     * sizeof(UrlSessionProgress), as whoever filled it in was compiled; members past it are not there.
     */
    size_t size;
    /**
     * Of the bytes of both bodies, from 0.0 to 1.0; it falls only where a body has to go out again or a download
     * starts over. An answer counts once its length is known, so 1.0 may stand before the end of an upload; a task
     * that ended well has 1.0 whatever was sent. Negative where nobody knows how much there is.
     */
    double fraction;
    /**
     * As url_session_task_count_of_bytes_sent, and the three below likewise.
     */
    int64_t bytes_sent;
    /**
     * -1 where nobody knows.
     */
    int64_t bytes_expected_to_send;
    /**
     * With what a download made from resume data had already.
     */
    int64_t bytes_received;
    /**
     * -1 where nobody knows.
     */
    int64_t bytes_expected_to_receive;
    /**
     * In both directions, of late; 0 in the first quarter of a second, until there is something to measure. While
     * nothing moves no slot is called: a bar that shows a stall asks url_session_task_progress.
     */
    double bytes_per_second;
    /**
     * What is left at that speed; negative where nobody knows.
     */
    double seconds_left;
} UrlSessionProgress;

/**
 * What becomes of a response. Apple's numbers; 3 (become stream) comes with a later version.
 */
typedef uint32_t UrlSessionResponseDisposition;
/**
 * End the task with CANCELLED.
 */
#define URL_SESSION_RESPONSE_DISPOSITION_CANCEL 0
/**
 * Go on: the data comes.
 */
#define URL_SESSION_RESPONSE_DISPOSITION_ALLOW 1
/**
 * The body goes to a file: the task ends without another word, and a download task goes on in its place, which
 * data_task_did_become_download_task brings. Of a part of multipart/x-mixed-replace: as ALLOW.
 */
#define URL_SESSION_RESPONSE_DISPOSITION_BECOME_DOWNLOAD 2

/**
 * What a session tells and asks (Apple: URLSessionDelegate, URLSessionTaskDelegate, URLSessionDataDelegate,
 * URLSessionDownloadDelegate). Fill `size` with sizeof(UrlSessionDelegate) and leave what you do not implement NULL: a
 * NULL slot behaves as its comment says, or where that says nothing is passed over, and costs nothing. The struct is
 * copied. All a slot gets is lent until it returns. Slots stand in the order of the life cycle.
 */
typedef struct {
    /**
     * sizeof(UrlSessionDelegate), as the application was compiled; slots past it count as NULL.
     */
    size_t size;
    /**
     * Given to every slot; may be NULL. Slots are called from library threads.
     */
    void *context;
    /**
     * Called once, when no slot will be called any more: for a session's delegate after session_did_become_invalid
     * has returned, for a task's own after its task_did_complete has. On a library thread. NULL: nothing is called.
     */
    void (*release)(void *context);
    /**
     * A task was made (Apple: urlSession:didCreateTask:). The only slot that is called inside a call of yours: on the
     * thread that makes the task, before the function that makes it returns. The place for a description, a
     * priority, a delegate of its own. Not sent to a task's own delegate, which comes later.
     */
    void (*did_create_task)(void *context, UrlSession *session, UrlSessionTask *task);
    /**
     * A connection is being made: whether to trust its server, SERVER_TRUST, once for every new TLS connection, also
     * when its chain is good; or which certificate to show to a server that asks, CLIENT_CERTIFICATE (Apple:
     * urlSession:didReceiveChallenge:completionHandler:). A proxy that speaks TLS asks too. Nothing of the request has
     * been sent. Look at host and is_proxy before you show a certificate. A connection that one delegate was asked
     * about serves no task of another's. Answer PERFORM_DEFAULT_HANDLING to methods you do not know: later versions
     * ask about more. Meanwhile the timers for connecting and for the request run: where a person decides, allow more
     * time, or leave this NULL and suspend the task in its own slot. NULL: task_did_receive_challenge is asked. Both
     * NULL, or never answered: PERFORM_DEFAULT_HANDLING. Asked for tasks with a completion handler too. A task's own
     * delegate is asked here first; one that has only the slot below is not, where the session's delegate has this
     * one.
     */
    void (*session_did_receive_challenge)(void *context,
                                          UrlSession *session,
                                          UrlSessionChallenge *challenge,
                                          UrlSessionChallengeCompletion *completion);
    /**
     * A server or a proxy wants to know who asks, before its 401 or 407 becomes the response (Apple:
     * urlSession:task:didReceiveChallenge:completionHandler:): HTTP_DIGEST, HTTP_BASIC and BEARER, in this order where
     * several are offered. Where session_did_receive_challenge is NULL, what that is for comes here too, SERVER_TRUST
     * with every https connection: look at the method first, and answer PERFORM_DEFAULT_HANDLING to what you do not
     * know. Also asked when the request's own Authorization field was refused, which the answer replaces. A body that
     * went out goes out again. Meanwhile the request timer runs, in front of a tunnel that for connecting too; for a
     * person, suspend the task until the answer is there. Tasks that run side by side are each asked, until one
     * credential FOR_SESSION was accepted; a task is asked at most 20 times in a row. NULL, or never answered:
     * PERFORM_DEFAULT_HANDLING. Asked for tasks with a completion handler too.
     */
    void (*task_did_receive_challenge)(void *context,
                                       UrlSession *session,
                                       UrlSessionTask *task,
                                       UrlSessionChallenge *challenge,
                                       UrlSessionChallengeCompletion *completion);
    /**
     * The server sends the task elsewhere (Apple: urlSession:task:willPerformHTTPRedirection:newRequest:
     * completionHandler:), once for every hop and before any other slot hears of it. `request` is what would be sent:
     * its method, body and fields are changed as the status asks and the new origin may see. Answer with it, with
     * another, or with NULL: then this 3xx with its body is the result. Meanwhile the request timer runs. NULL, or
     * never answered: it is followed. Not asked past the limit of redirects. Asked for tasks with a completion handler
     * too.
     */
    void (*task_will_perform_http_redirection)(void *context,
                                               UrlSession *session,
                                               UrlSessionTask *task,
                                               UrlSessionResponse *response,
                                               UrlSessionRequest *request,
                                               UrlSessionRedirectionCompletion *completion);
    /**
     * An interim answer (Apple: urlSession:task:didReceiveInformationalResponse:; RFC 9110, 15.2): 102, 103 and other
     * 1xx, as many as come, before the response. 100 is the library's, and 101 is none. NULL: they are passed over.
     */
    void (*task_did_receive_informational_response)(void *context,
                                                    UrlSession *session,
                                                    UrlSessionTask *task,
                                                    UrlSessionResponse *response);
    /**
     * A download made from resume data goes on where it stopped (Apple:
     * urlSession:downloadTask:didResumeAtOffset:expectedTotalBytes:): the first `offset` bytes are in its file
     * already. `expected` is the length of the whole, -1 where nobody knows. Not called where the server has another
     * version, or does not serve parts: then the download starts over.
     */
    void (*download_task_did_resume_at_offset)(void *context,
                                               UrlSession *session,
                                               UrlSessionTask *task,
                                               int64_t offset,
                                               int64_t expected);
    /**
     * The head of the final response is here (Apple: urlSession:dataTask:didReceiveResponse:completionHandler:). No
     * data comes before `completion` is answered; meanwhile the connection is not read and the request timer runs. For
     * data and upload tasks; of multipart/x-mixed-replace also for every part, with the fields of the part. NULL, or
     * never answered: ALLOW. Not called for tasks with a completion handler, who get such parts as one body, as it is.
     */
    void (*data_task_did_receive_response)(void *context,
                                           UrlSession *session,
                                           UrlSessionTask *task,
                                           UrlSessionResponse *response,
                                           UrlSessionResponseCompletion *completion);
    /**
     * The gate was answered with BECOME_DOWNLOAD (Apple: urlSession:dataTask:didBecomeDownloadTask:). `download_task`
     * runs already, under a number of its own and with the delegate that `task` had; bytes of the body that were read
     * already are in its file. `task` is told nothing more, not even that it is complete. did_create_task is not
     * called for `download_task`, which has the description and the priority of `task`. NULL: it goes on all the same.
     */
    void (*data_task_did_become_download_task)(void *context,
                                               UrlSession *session,
                                               UrlSessionTask *task,
                                               UrlSessionTask *download_task);
    /**
     * A stream is needed (Apple: urlSession:task:needNewBodyStream:, and with an offset its fromOffset variant): at
     * the start of a streamed upload, and whenever its body has to go out again, because of a redirect with 307 or 308
     * or because the connection was dead; for a stream that was set on a request, only where it cannot rewind.
     * `offset`, 0 in this version, is where it is to stand. NULL, never answered, or answered with NULL: the task
     * fails with REQUEST_BODY_STREAM_EXHAUSTED.
     */
    void (*task_need_new_body_stream)(void *context,
                                      UrlSession *session,
                                      UrlSessionTask *task,
                                      int64_t offset,
                                      UrlSessionBodyStreamCompletion *completion);
    /**
     * Bytes of the request's body went out (Apple: urlSession:task:didSendBodyData:totalBytesSent:
     * totalBytesExpectedToSend:): how many since this was told last, in all, and what the length is, -1 where nobody
     * knows. At most ten times a second, and for the last bytes always. When the body goes out again, from 0 again.
     */
    void (*task_did_send_body_data)(void *context,
                                    UrlSession *session,
                                    UrlSessionTask *task,
                                    int64_t bytes,
                                    int64_t total,
                                    int64_t expected);
    /**
     * The next bytes of the body, decoded, in order, never none (Apple: urlSession:dataTask:didReceiveData:). They
     * are lent; `data` holds the same bytes and may be retained, which copies nothing. While a slot is slow the
     * connection is not read. NULL: the bytes are counted and dropped. Not called for tasks with a completion handler.
     */
    void (*data_task_did_receive_data)(void *context,
                                       UrlSession *session,
                                       UrlSessionTask *task,
                                       const uint8_t *bytes,
                                       size_t length,
                                       UrlSessionData *data);
    /**
     * Bytes of a download were written to its file (Apple: urlSession:downloadTask:didWriteData:totalBytesWritten:
     * totalBytesExpectedToWrite:): how many since this was told last, in all, and how many there will be. `expected`
     * is -1 where nobody knows, for a body without a length or a compressed one: do not divide by it. At most ten
     * times a second, and for the last bytes always. After download_task_did_resume_at_offset, once with 0 bytes and
     * its offset. When a download starts over, from 0 again. Not called for tasks with a completion handler.
     */
    void (*download_task_did_write_data)(void *context,
                                         UrlSession *session,
                                         UrlSessionTask *task,
                                         int64_t bytes,
                                         int64_t total,
                                         int64_t expected);
    /**
     * How far any task is, in whatever direction (Apple: the NSProgress of a task). At most ten times a second, and
     * once when all has moved. `progress` is lent.
     */
    void (*task_did_update_progress)(void *context,
                                     UrlSession *session,
                                     UrlSessionTask *task,
                                     const UrlSessionProgress *progress);
    /**
     * A download is whole, whatever its status code, and its file is closed (Apple:
     * urlSession:downloadTask:didFinishDownloadingToURL:). The file at `path` is removed when the slot has returned:
     * move it with url_session_downloaded_file_move_to, or retain `file`. Complete follows, without an error. NULL, as
     * after a failure: the file is removed. Not called for tasks with a completion handler.
     */
    void (*download_task_did_finish_downloading)(void *context,
                                                 UrlSession *session,
                                                 UrlSessionTask *task,
                                                 const char *path,
                                                 UrlSessionDownloadedFile *file);
    /**
     * The last message of a task, once for every task that was resumed or cancelled (Apple:
     * urlSession:task:didCompleteWithError:). `error` is NULL where a whole response came, whatever its status code. A
     * download that can go on has resume data in its error, and its temporary file stays in the download directory for
     * them: whoever does not go on gives it up with url_session_discard_resume_data. The task's state is COMPLETED by
     * now. Not called for tasks with a completion handler.
     */
    void (*task_did_complete)(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error);
    /**
     * The last message of a session, once, after the last of every task (Apple:
     * urlSession:didBecomeInvalidWithError:). `error` is NULL where the application asked for it, as it is in this
     * version always.
     */
    void (*session_did_become_invalid)(void *context, UrlSession *session, UrlSessionError *error);
} UrlSessionDelegate;

/**
 * Called once with all tasks of a session that have not completed, suspended ones included, in the order they were
 * made. Lent until it returns.
 */
typedef void (*UrlSessionAllTasksHandler)(void *context, UrlSessionTask *const *tasks, size_t count);

/**
 * Called once with the whole outcome of a task (Apple: the completionHandler of dataTaskWithRequest:). On failure
 * `error` says why and `data` is NULL; `response` is set if a head came. On success `data` is never NULL, though it
 * may be empty. All are lent until the function returns. For upload tasks too, whose data is the answer's.
 */
typedef void (*UrlSessionDataTaskCompletionHandler)(void *context,
                                                    UrlSessionData *data,
                                                    UrlSessionResponse *response,
                                                    UrlSessionError *error);

/**
 * Called once with the whole outcome of a download (Apple: the completionHandler of downloadTaskWithRequest:). On
 * failure `error` says why and `file` is NULL; `response` is set if a head came. Whatever the status code, success
 * means that the body is in `file`, which is removed when the function returns unless you move or retain it. All are
 * lent until then.
 */
typedef void (*UrlSessionDownloadTaskCompletionHandler)(void *context,
                                                        UrlSessionDownloadedFile *file,
                                                        UrlSessionResponse *response,
                                                        UrlSessionError *error);

/**
 * Called once with what a cancelled download can go on from (Apple: the completionHandler of
 * cancelByProducingResumeData:); NULL where it cannot. Lent until the function returns: retain it, or store its bytes.
 */
typedef void (*UrlSessionResumeDataHandler)(void *context, UrlSessionData *resume_data);

/**
 * Where a task stands. Apple's numbers.
 */
typedef uint32_t UrlSessionTaskState;
/**
 * Resumed.
 */
#define URL_SESSION_TASK_STATE_RUNNING 0
/**
 * Not resumed yet, or suspended again: no traffic, no timers.
 */
#define URL_SESSION_TASK_STATE_SUSPENDED 1
/**
 * Cancelled, and about to complete.
 */
#define URL_SESSION_TASK_STATE_CANCELING 2
/**
 * Ended, well or not; nothing comes after its complete slot.
 */
#define URL_SESSION_TASK_STATE_COMPLETED 3

/**
 * What a task is for. Apple has a class for each.
 */
typedef uint32_t UrlSessionTaskKind;
/**
 * The body comes to the data slot, or to a handler in memory.
 */
#define URL_SESSION_TASK_KIND_DATA 0
/**
 * As DATA, and what it sends comes from bytes, a file or a stream.
 */
#define URL_SESSION_TASK_KIND_UPLOAD 1
/**
 * The body comes to a file.
 */
#define URL_SESSION_TASK_KIND_DOWNLOAD 2

/**
 * The number of an error in the domain "NSURLErrorDomain", Apple's own numbers.
 */
typedef int32_t UrlSessionErrorCode;
/**
 * Nothing better is known; also a fault inside the library, which ended this task only.
 */
#define URL_SESSION_ERROR_CODE_UNKNOWN -1
/**
 * The task or its session was cancelled, or a delegate answered so.
 */
#define URL_SESSION_ERROR_CODE_CANCELLED -999
/**
 * The URL is empty, cannot be parsed or has no host; the underlying error says which. Also what the environment
 * has for a proxy, where it is none.
 */
#define URL_SESSION_ERROR_CODE_BAD_URL -1000
/**
 * A timer ran out; see url_session_error_timeout for which.
 */
#define URL_SESSION_ERROR_CODE_TIMED_OUT -1001
/**
 * The scheme is not http or https.
 */
#define URL_SESSION_ERROR_CODE_UNSUPPORTED_URL -1002
/**
 * The host name does not exist.
 */
#define URL_SESSION_ERROR_CODE_CANNOT_FIND_HOST -1003
/**
 * Refused or unreachable; also a proxy that will not connect to the host.
 */
#define URL_SESSION_ERROR_CODE_CANNOT_CONNECT_TO_HOST -1004
/**
 * The connection ended before the exchange did; also a body shorter than its Content-Length.
 */
#define URL_SESSION_ERROR_CODE_NETWORK_CONNECTION_LOST -1005
/**
 * The resolver failed or could not be reached.
 */
#define URL_SESSION_ERROR_CODE_DNS_LOOKUP_FAILED -1006
/**
 * More redirects than allowed; the task's response is the last one.
 */
#define URL_SESSION_ERROR_CODE_HTTP_TOO_MANY_REDIRECTS -1007
/**
 * No route to any network.
 */
#define URL_SESSION_ERROR_CODE_NOT_CONNECTED_TO_INTERNET -1009
/**
 * A redirect whose Location is no usable URL.
 */
#define URL_SESSION_ERROR_CODE_REDIRECT_TO_NON_EXISTENT_LOCATION -1010
/**
 * What answered does not speak HTTP; or the status of a download is an error, where the configuration says so.
 */
#define URL_SESSION_ERROR_CODE_BAD_SERVER_RESPONSE -1011
/**
 * A proxy asks for a user and a password, and accepts none that there are.
 */
#define URL_SESSION_ERROR_CODE_USER_AUTHENTICATION_REQUIRED -1013
/**
 * The body's framing (chunked, transfer coding) is broken; or there is no certificate, or no key to it, in what
 * was given as one.
 */
#define URL_SESSION_ERROR_CODE_CANNOT_DECODE_RAW_DATA -1015
/**
 * The body's content coding is broken or unknown.
 */
#define URL_SESSION_ERROR_CODE_CANNOT_DECODE_CONTENT_DATA -1016
/**
 * The response's head is malformed or too large.
 */
#define URL_SESSION_ERROR_CODE_CANNOT_PARSE_RESPONSE -1017
/**
 * The body has to go out and there is no stream for it, or the stream failed or has not as many bytes as it says.
 */
#define URL_SESSION_ERROR_CODE_REQUEST_BODY_STREAM_EXHAUSTED -1021
/**
 * The URL is http, and the configuration requires https; nothing was sent.
 */
#define URL_SESSION_ERROR_CODE_APP_TRANSPORT_SECURITY_REQUIRES_SECURE_CONNECTION -1022
/**
 * The file to upload is not there.
 */
#define URL_SESSION_ERROR_CODE_FILE_DOES_NOT_EXIST -1100
/**
 * The file to upload is a directory.
 */
#define URL_SESSION_ERROR_CODE_FILE_IS_DIRECTORY -1101
/**
 * The file to upload may not be read.
 */
#define URL_SESSION_ERROR_CODE_NO_PERMISSIONS_TO_READ_FILE -1102
/**
 * A body is larger than a limit of the configuration allows.
 */
#define URL_SESSION_ERROR_CODE_DATA_LENGTH_EXCEEDS_MAXIMUM -1103
/**
 * The TLS handshake failed, or the versions and suites have no overlap.
 */
#define URL_SESSION_ERROR_CODE_SECURE_CONNECTION_FAILED -1200
/**
 * The server's certificate has expired.
 */
#define URL_SESSION_ERROR_CODE_SERVER_CERTIFICATE_HAS_BAD_DATE -1201
/**
 * The server's certificate is for another host, revoked, malformed or not meant for a server; or the host's pins
 * (url_session_configuration_add_pinned_public_key) or the application do not want it.
 */
#define URL_SESSION_ERROR_CODE_SERVER_CERTIFICATE_UNTRUSTED -1202
/**
 * The server's certificate was signed by nobody this session trusts.
 */
#define URL_SESSION_ERROR_CODE_SERVER_CERTIFICATE_HAS_UNKNOWN_ROOT -1203
/**
 * The server's certificate is not valid yet.
 */
#define URL_SESSION_ERROR_CODE_SERVER_CERTIFICATE_NOT_YET_VALID -1204
/**
 * The server refused the client's certificate.
 */
#define URL_SESSION_ERROR_CODE_CLIENT_CERTIFICATE_REJECTED -1205
/**
 * The server asks for a client certificate.
 */
#define URL_SESSION_ERROR_CODE_CLIENT_CERTIFICATE_REQUIRED -1206
/**
 * The temporary file of a download cannot be made.
 */
#define URL_SESSION_ERROR_CODE_CANNOT_CREATE_FILE -3000
/**
 * The temporary file of a download was taken away while it was written; or what should be uploaded is a pipe or a
 * device, or could not be opened for want of descriptors.
 */
#define URL_SESSION_ERROR_CODE_CANNOT_OPEN_FILE -3001
/**
 * The temporary file of a download cannot be written to, for example because the disk is full.
 */
#define URL_SESSION_ERROR_CODE_CANNOT_WRITE_TO_FILE -3003
/**
 * A downloaded file cannot be moved to where it should go.
 */
#define URL_SESSION_ERROR_CODE_CANNOT_MOVE_FILE -3005

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * A sentence for a status, in English; never NULL, lives as long as the process. Any thread.
 */
const char *url_session_status_message(UrlSessionStatus status);

/**
 * The version of the library that runs, "major.minor.patch"; never NULL, lives as long as the process. Any thread.
 */
const char *url_session_version(void);

/**
 * Takes one more reference; gives back `data`, or NULL where it is not a living handle.
 */
UrlSessionData *url_session_data_retain(UrlSessionData *data);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_data_release(UrlSessionData *data);

/**
 * The bytes, for as long as you hold `data`; where they are text, one NUL follows that the length does not count.
 * NULL for a NULL or released handle.
 */
const uint8_t *url_session_data_bytes(const UrlSessionData *data);

/**
 * How many bytes; 0 for a NULL or released handle.
 */
size_t url_session_data_length(const UrlSessionData *data);

/**
 * Copies bytes into an object that can be kept; NULL for NULL bytes with a length.
 */
UrlSessionData *url_session_data_new(const uint8_t *bytes, size_t length);

/**
 * Takes one more reference; gives back `error`, or NULL where it is not a living handle.
 */
UrlSessionError *url_session_error_retain(UrlSessionError *error);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_error_release(UrlSessionError *error);

/**
 * Whose numbers the code is in: "NSURLErrorDomain" for every error a task ends with; underlying errors also have
 * "NSPOSIXErrorDomain" (errno), "UrlSessionResolverDomain" (getaddrinfo), "UrlSessionTlsDomain" (TLS alert, 0 where
 * there was none), "UrlSessionUrlDomain" (1 empty, 2 cannot be parsed, 3 no host) and "UrlSessionProxyDomain" (what a
 * proxy said instead of connecting: a status of HTTP, or a reply of SOCKS, 0 where it was none). Lent by `error`; NULL
 * for NULL.
 */
const char *url_session_error_domain(const UrlSessionError *error);

/**
 * The number within the domain, for "NSURLErrorDomain" a UrlSessionErrorCode; 0 for NULL.
 */
int32_t url_session_error_code(const UrlSessionError *error);

/**
 * What happened and what to do, for a person to read (Apple: localizedDescription; ours is English). Holds no
 * secrets. Lent by `error`; NULL for NULL.
 */
const char *url_session_error_message(const UrlSessionError *error);

/**
 * The URL that failed, after redirects, without user and password (Apple: failingURL). Lent by `error`; NULL where
 * there is none.
 */
const char *url_session_error_failing_url(const UrlSessionError *error);

/**
 * Which timer ran out; NONE for any other error and for NULL. Apple has one code for them all.
 */
UrlSessionTimeout url_session_error_timeout(const UrlSessionError *error);

/**
 * The cause one layer down: the system's, the resolver's or TLS's own error (Apple: NSUnderlyingErrorKey). One
 * reference is yours; NULL where there is none.
 */
UrlSessionError *url_session_error_copy_underlying(const UrlSessionError *error);

/**
 * What the download that failed, or was cancelled by url_session_task_cancel_by_producing_resume_data, can go on from
 * (Apple: NSURLSessionDownloadTaskResumeData); one reference is yours. NULL where it cannot.
 */
UrlSessionData *url_session_error_copy_resume_data(const UrlSessionError *error);

/**
 * Whether both are errors of the same domain and code. NULL equals nothing.
 */
bool url_session_error_is_equal(const UrlSessionError *error, const UrlSessionError *other);

/**
 * A stream of your own, in `*stream`; one reference is yours. INVALID_ARGUMENT: the struct's size cannot be right.
 * Where this does not return OK nothing of `source` is called, `release` neither. Neither argument may be NULL.
 */
UrlSessionStatus url_session_body_stream_new(const UrlSessionBodySource *source, UrlSessionBodyStream **stream);

/**
 * The bytes of a file, in `*stream`; one reference is yours. The file is opened when the body goes out, and again when
 * it goes out again: one that is missing then fails the task with FILE_DOES_NOT_EXIST. Its length is the length of the
 * body. Neither argument may be NULL.
 */
UrlSessionStatus url_session_body_stream_new_with_file(const char *path, UrlSessionBodyStream **stream);

/**
 * Takes one more reference; gives back `stream`, or NULL where it is not a living handle.
 */
UrlSessionBodyStream *url_session_body_stream_retain(UrlSessionBodyStream *stream);

/**
 * Gives one reference back; NULL does nothing. A request or a task that has the stream keeps it.
 */
void url_session_body_stream_release(UrlSessionBodyStream *stream);

/**
 * Takes one more reference, to answer after the function has returned; NULL where it is not a living handle.
 */
UrlSessionReadCompletion *url_session_read_completion_retain(UrlSessionReadCompletion *completion);

/**
 * Gives one reference back; NULL does nothing. With the last one an unanswered question counts as failed.
 */
void url_session_read_completion_release(UrlSessionReadCompletion *completion);

/**
 * So many bytes are in the buffer, which is the library's again; 0 is the end of the body. The first answer wins, a
 * second returns ALREADY_ANSWERED; one that comes after the task has ended is harmless. INVALID_ARGUMENT for more than
 * the buffer holds: the question stays open. Any thread, any time.
 */
UrlSessionStatus url_session_read_completion_answer(UrlSessionReadCompletion *completion, size_t length);

/**
 * There are no bytes and never will be: the task fails with REQUEST_BODY_STREAM_EXHAUSTED, whose underlying error is
 * `system_error`, an errno. Otherwise as above.
 */
UrlSessionStatus url_session_read_completion_fail(UrlSessionReadCompletion *completion, int32_t system_error);

/**
 * An empty form with a boundary of its own; one reference is yours.
 */
UrlSessionMultipartForm *url_session_multipart_form_new(void);

/**
 * Takes one more reference; gives back `form`, or NULL where it is not a living handle.
 */
UrlSessionMultipartForm *url_session_multipart_form_retain(UrlSessionMultipartForm *form);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_multipart_form_release(UrlSessionMultipartForm *form);

/**
 * A field; both texts are copied, neither may be NULL.
 */
UrlSessionStatus url_session_multipart_form_add_field(UrlSessionMultipartForm *form,
                                                      const char *name,
                                                      const char *value);

/**
 * Bytes, copied, as a part; `name`: not NULL. NULL as `filename` makes a field of them, NULL as `content_type` leaves
 * their type unsaid. INVALID_ARGUMENT: a content type that cannot stand in a header.
 */
UrlSessionStatus url_session_multipart_form_add_bytes(UrlSessionMultipartForm *form,
                                                      const char *name,
                                                      const char *filename,
                                                      const char *content_type,
                                                      const uint8_t *content,
                                                      size_t length);

/**
 * A file as a part; `name` and `path`: not NULL. NULL as `filename` takes the last part of `path`, NULL as
 * `content_type` guesses by its ending. A file that is missing when the form is sent fails the task with
 * FILE_DOES_NOT_EXIST. INVALID_ARGUMENT as above.
 */
UrlSessionStatus url_session_multipart_form_add_file(UrlSessionMultipartForm *form,
                                                     const char *name,
                                                     const char *path,
                                                     const char *filename,
                                                     const char *content_type);

/**
 * The value for the header field Content-Type, with the boundary. Lent as long as you hold the form; NULL for NULL.
 */
const char *url_session_multipart_form_content_type(const UrlSessionMultipartForm *form);

/**
 * The form as it stands, as a body whose length is known when it is sent, and which can be sent again; one reference
 * is yours. NULL for NULL.
 */
UrlSessionBodyStream *url_session_multipart_form_copy_body_stream(const UrlSessionMultipartForm *form);

/**
 * A GET of `url`, in `*request`; one reference is yours. The URL is read by the WHATWG rules; one that cannot be
 * used is taken all the same, and its task fails with BAD_URL or UNSUPPORTED_URL. `url` and `request`: not NULL.
 */
UrlSessionStatus url_session_request_new(const char *url, UrlSessionRequest **request);

/**
 * Another request with the same content; one reference is yours. NULL for NULL.
 */
UrlSessionRequest *url_session_request_copy(const UrlSessionRequest *request);

/**
 * Takes one more reference; gives back `request`, or NULL where it is not a living handle.
 */
UrlSessionRequest *url_session_request_retain(UrlSessionRequest *request);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_request_release(UrlSessionRequest *request);

/**
 * Another URL. Not NULL.
 */
UrlSessionStatus url_session_request_set_url(UrlSessionRequest *request, const char *url);

/**
 * The URL, as it was parsed, or as it was given where that failed. Lent until the request is changed or released.
 */
const char *url_session_request_url(const UrlSessionRequest *request);

/**
 * The method: any token of RFC 9110, sent as it is written; only get, head, post, put, delete, patch, options and
 * trace are put in capitals. CONNECT is not for applications: INVALID_ARGUMENT.
 */
UrlSessionStatus url_session_request_set_http_method(UrlSessionRequest *request, const char *method);

/**
 * The method, "GET" at first. Lent until the request is changed or released.
 */
const char *url_session_request_http_method(const UrlSessionRequest *request);

/**
 * Sets a header field, in place of any with that name in whatever case; NULL as value takes the field away, and so
 * lets the session's or the library's own one through again. The name goes out in the case it is written in.
 * INVALID_ARGUMENT: a name that is not a token, a value with CR, LF, NUL or blanks at its ends, and Transfer-Encoding,
 * which is the library's to choose. A Content-Length is taken and replaced by the true one; it counts only for a
 * stream that does not say its length.
 */
UrlSessionStatus url_session_request_set_value_for_header_field(UrlSessionRequest *request,
                                                                const char *name,
                                                                const char *value);

/**
 * Adds a header field beside any with that name: repeated fields go out as lines of their own, in this order.
 * INVALID_ARGUMENT as above.
 */
UrlSessionStatus url_session_request_add_value_for_header_field(UrlSessionRequest *request,
                                                                const char *name,
                                                                const char *value);

/**
 * Keeps a header field from going out at all, also the session's additional one and the library's default (such as
 * User-Agent). Host and the fields that frame the body cannot be kept back.
 */
UrlSessionStatus url_session_request_suppress_header_field(UrlSessionRequest *request, const char *name);

/**
 * The value of a header field set here, repeated ones joined with ", ". Lent until the request is changed or
 * released; NULL where there is none.
 */
const char *url_session_request_value_for_header_field(const UrlSessionRequest *request, const char *name);

/**
 * How many header fields are set here.
 */
size_t url_session_request_header_field_count(const UrlSessionRequest *request);

/**
 * The header field at `index`, in the order they were set: name in its own case and value, both NUL-terminated and
 * lent until the request is changed or released. INVALID_ARGUMENT past the end; then both are NULL.
 */
UrlSessionStatus url_session_request_header_field_at(const UrlSessionRequest *request,
                                                     size_t index,
                                                     const char **name,
                                                     const char **value);

/**
 * The body, copied; NULL and 0 take it away. A data task sends it with its Content-Length.
 */
UrlSessionStatus url_session_request_set_http_body(UrlSessionRequest *request, const uint8_t *body, size_t length);

/**
 * The body, lent until the request is changed or released: its bytes in `*body`, NULL where there is none, and
 * their number in `*length`.
 */
UrlSessionStatus url_session_request_http_body(const UrlSessionRequest *request, const uint8_t **body, size_t *length);

/**
 * A stream as body, in place of any other; retained (Apple: HTTPBodyStream). NULL takes the body away. It goes out
 * with its length, or chunked. To go out again it has to rewind, or the delegate gives another.
 */
UrlSessionStatus url_session_request_set_http_body_stream(UrlSessionRequest *request, UrlSessionBodyStream *stream);

/**
 * The stream; of a form or a file one that reads it. One reference is yours; NULL where there is none.
 */
UrlSessionBodyStream *url_session_request_copy_http_body_stream(const UrlSessionRequest *request);

/**
 * The form as it stands as body, in place of bytes, and its Content-Type; a GET becomes a POST. For data and download
 * tasks: an upload task ignores the request's body, so there set the Content-Type and answer task_need_new_body_stream
 * with url_session_multipart_form_copy_body_stream. INVALID_STATE: the request has a body stream of your source,
 * which the form would silently replace.
 */
UrlSessionStatus url_session_request_set_multipart_form(UrlSessionRequest *request,
                                                        const UrlSessionMultipartForm *form);

/**
 * Seconds without a byte moving after which the task fails (Apple: timeoutInterval). 0, the default, means as the
 * session's configuration says; INFINITY means never. INVALID_ARGUMENT: negative or not a number.
 */
UrlSessionStatus url_session_request_set_timeout_interval(UrlSessionRequest *request, double seconds);

/**
 * The above; 0 where the session's counts.
 */
double url_session_request_timeout_interval(const UrlSessionRequest *request);

/**
 * Seconds that the whole task may take, for this request only; Apple has this for sessions alone. 0, the default,
 * means as the session's configuration says; INFINITY means any time. INVALID_ARGUMENT: negative or not a number.
 */
UrlSessionStatus url_session_request_set_timeout_interval_for_resource(UrlSessionRequest *request, double seconds);

/**
 * The above; 0 where the session's counts.
 */
double url_session_request_timeout_interval_for_resource(const UrlSessionRequest *request);

/**
 * How many redirects are followed for this request; 0 follows none, and the 3xx with its body is the result.
 * Negative, the default, means as the session's configuration says. At most 1000.
 */
UrlSessionStatus url_session_request_set_maximum_redirects(UrlSessionRequest *request, int32_t redirects);

/**
 * Takes one more reference; gives back `response`, or NULL where it is not a living handle.
 */
UrlSessionResponse *url_session_response_retain(UrlSessionResponse *response);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_response_release(UrlSessionResponse *response);

/**
 * The URL that answered, after redirects. NULL for NULL.
 */
const char *url_session_response_url(const UrlSessionResponse *response);

/**
 * The status code, 100 to 999; 0 for NULL.
 */
int32_t url_session_response_status_code(const UrlSessionResponse *response);

/**
 * The type of the content in small letters, without parameters, such as "text/html"; NULL where the server named
 * none. The content itself is not looked at.
 */
const char *url_session_response_mime_type(const UrlSessionResponse *response);

/**
 * The charset that the server named, in small letters, such as "utf-8"; NULL where it named none.
 */
const char *url_session_response_text_encoding_name(const UrlSessionResponse *response);

/**
 * How many bytes the data slot will get in all; -1 where that is not known: chunked, until the connection closes, or
 * with a content coding. Also -1 for NULL.
 */
int64_t url_session_response_expected_content_length(const UrlSessionResponse *response);

/**
 * A name to save the content under: from Content-Disposition (RFC 6266), else the last part of the path, else the
 * host; with an extension that fits the type where it has none. Never a path, never empty, never "." or "..".
 */
const char *url_session_response_suggested_filename(const UrlSessionResponse *response);

/**
 * The value of a header field, whatever its case; repeated fields joined with ", ", but of Set-Cookie only the first
 * (walk the fields for the rest). Bytes that are not UTF-8 are read as Latin-1. NULL where there is none.
 */
const char *url_session_response_value_for_header_field(const UrlSessionResponse *response, const char *name);

/**
 * How many header fields came, repeated ones counted each.
 */
size_t url_session_response_header_field_count(const UrlSessionResponse *response);

/**
 * The header field at `index`, in the order and case of the wire: the name as text, the value as `length` bytes with
 * a NUL behind them. INVALID_ARGUMENT past the end; then the out-parameters are NULL, NULL and 0.
 */
UrlSessionStatus url_session_response_header_field_at(const UrlSessionResponse *response,
                                                      size_t index,
                                                      const char **name,
                                                      const uint8_t **value,
                                                      size_t *length);

/**
 * Takes one more reference; gives back `trust`, or NULL where it is not a living handle.
 */
UrlSessionServerTrust *url_session_server_trust_retain(UrlSessionServerTrust *trust);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_server_trust_release(UrlSessionServerTrust *trust);

/**
 * The host the certificates must be for; lent by `trust`. NULL for NULL.
 */
const char *url_session_server_trust_host(const UrlSessionServerTrust *trust);

/**
 * Whether the platform, with what the configuration adds, trusts the chain for this host (Apple:
 * SecTrustEvaluateWithError); always where the configuration dangerously accepts any server. The configuration's pins
 * are no part of it: a chain without a pinned key fails before anybody is asked. False for NULL.
 */
bool url_session_server_trust_is_trusted(const UrlSessionServerTrust *trust);

/**
 * Why it is not trusted: the error that the task would end with; one reference is yours. NULL where it is.
 */
UrlSessionError *url_session_server_trust_copy_error(const UrlSessionServerTrust *trust);

/**
 * How many certificates the server showed; the first is its own. 0 for NULL.
 */
size_t url_session_server_trust_certificate_count(const UrlSessionServerTrust *trust);

/**
 * A certificate in DER, lent by `trust`. INVALID_ARGUMENT past the last. No argument may be NULL.
 */
UrlSessionStatus url_session_server_trust_certificate_at(const UrlSessionServerTrust *trust,
                                                         size_t index,
                                                         const uint8_t **bytes,
                                                         size_t *length);

/**
 * What to pin (RFC 7469): the SHA-256 of a certificate's SubjectPublicKeyInfo, 32 bytes written to `hash`, which stays
 * the same when the certificate is renewed with its key. Raw bytes, not text. INVALID_ARGUMENT past the last
 * certificate, and for one that cannot be read. No argument may be NULL.
 */
UrlSessionStatus url_session_server_trust_public_key_sha256_at(const UrlSessionServerTrust *trust,
                                                               size_t index,
                                                               uint8_t *hash);

/**
 * A user and a password (Apple: URLCredential(user:password:persistence:)), in `*credential`; one reference is yours.
 * Both are UTF-8 and may be empty. INVALID_ARGUMENT: a control character, a colon in the user (RFC 7617), or an
 * unknown persistence. No argument may be NULL.
 */
UrlSessionStatus url_session_credential_new_with_user(const char *user,
                                                      const char *password,
                                                      UrlSessionCredentialPersistence persistence,
                                                      UrlSessionCredential **credential);

/**
 * A bearer token (RFC 6750), without the word Bearer, in `*credential`; one reference is yours. INVALID_ARGUMENT: it
 * is no token, or an unknown persistence. No argument may be NULL.
 */
UrlSessionStatus url_session_credential_new_with_bearer_token(const char *token,
                                                              UrlSessionCredentialPersistence persistence,
                                                              UrlSessionCredential **credential);

/**
 * To accept a server for the connection whose challenge brought `trust` (Apple: URLCredential(trust:)), in
 * `*credential`; one reference is yours. It accepts whatever is wrong: an expired certificate, another host's. After a
 * check of your own PERFORM_DEFAULT_HANDLING keeps the platform's. For another connection it means nothing. No
 * argument may be NULL.
 */
UrlSessionStatus url_session_credential_new_with_server_trust(UrlSessionServerTrust *trust,
                                                              UrlSessionCredential **credential);

/**
 * Takes one more reference; gives back `credential`, or NULL where it is not a living handle.
 */
UrlSessionCredential *url_session_credential_retain(UrlSessionCredential *credential);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_credential_release(UrlSessionCredential *credential);

/**
 * The user; lent by `credential`. NULL where there is none.
 */
const char *url_session_credential_user(const UrlSessionCredential *credential);

/**
 * The password; lent by `credential`. NULL where there is none.
 */
const char *url_session_credential_password(const UrlSessionCredential *credential);

/**
 * How long it is kept. NONE for NULL.
 */
UrlSessionCredentialPersistence url_session_credential_persistence(const UrlSessionCredential *credential);

/**
 * A client certificate (Apple: URLCredential(identity:certificates:persistence:)), in `*credential`; one reference is
 * yours. `certificates` is PEM, the client's own first and then those that lead to what servers trust; `key` is its
 * private key in PEM, NULL and 0 where that is in the first, too. All is copied, and what is kept of the key is wiped
 * when the credential and the sessions that know it are gone. FAILED: one of them is missing, broken or encrypted, or
 * they do not belong together; `*error`, which may be NULL, says so, and one reference is yours. INVALID_ARGUMENT: an
 * unknown persistence. With FOR_SESSION, and PERMANENT is no more than that here, the session shows it to the host and
 * port that it was used for without asking again, until that refuses it; with NONE every new connection asks.
 */
UrlSessionStatus url_session_credential_new_with_pem(const uint8_t *certificates,
                                                     size_t certificates_length,
                                                     const uint8_t *key,
                                                     size_t key_length,
                                                     UrlSessionCredentialPersistence persistence,
                                                     UrlSessionCredential **credential,
                                                     UrlSessionError **error);

/**
 * The same from PEM files, which are read in this call; `key_path` is NULL where the key is in the first. FAILED also
 * where one cannot be read, and then `*error` names it.
 */
UrlSessionStatus url_session_credential_new_with_pem_files(const char *certificates_path,
                                                           const char *key_path,
                                                           UrlSessionCredentialPersistence persistence,
                                                           UrlSessionCredential **credential,
                                                           UrlSessionError **error);

/**
 * The same from PKCS #12 (`.p12`, `.pfx`), encrypted with AES or, as older programs do, with triple DES or RC2. A
 * `passphrase` of NULL is an empty one. FAILED also for a wrong passphrase, and past 256 KiB. Takes the time that
 * the file's own iteration counts ask for, up to a million for each of its parts: read none that you do not trust.
 */
UrlSessionStatus url_session_credential_new_with_pkcs12(const uint8_t *pkcs12,
                                                        size_t length,
                                                        const char *passphrase,
                                                        UrlSessionCredentialPersistence persistence,
                                                        UrlSessionCredential **credential,
                                                        UrlSessionError **error);

/**
 * The same from a file of PKCS #12, which is read in this call. FAILED also where it cannot be, and then `*error`
 * names it.
 */
UrlSessionStatus url_session_credential_new_with_pkcs12_file(const char *path,
                                                             const char *passphrase,
                                                             UrlSessionCredentialPersistence persistence,
                                                             UrlSessionCredential **credential,
                                                             UrlSessionError **error);

/**
 * The same with a key that stays where it is. `certificates` is PEM as above, or the client's own in DER, and says of
 * what kind the key is: RSA, ECDSA or Ed25519. INVALID_ARGUMENT also where the struct's size cannot be right. Where
 * this does not return OK nothing of `signer` is called, `release` neither.
 */
UrlSessionStatus url_session_credential_new_with_signer(const uint8_t *certificates,
                                                        size_t length,
                                                        const UrlSessionSigner *signer,
                                                        UrlSessionCredentialPersistence persistence,
                                                        UrlSessionCredential **credential,
                                                        UrlSessionError **error);

/**
 * One to look up or keep credentials by, in `*space`; one reference is yours. `protocol` is "http" or "https", with
 * `is_proxy` that of the proxy; `realm` may be NULL. INVALID_ARGUMENT: an unknown
 * protocol, or a method other than HTTP_BASIC, HTTP_DIGEST and BEARER.
 */
UrlSessionStatus url_session_protection_space_new(const char *host,
                                                  uint16_t port,
                                                  const char *protocol,
                                                  bool is_proxy,
                                                  const char *realm,
                                                  UrlSessionAuthenticationMethod method,
                                                  UrlSessionProtectionSpace **space);

/**
 * Takes one more reference; gives back `space`, or NULL where it is not a living handle.
 */
UrlSessionProtectionSpace *url_session_protection_space_retain(UrlSessionProtectionSpace *space);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_protection_space_release(UrlSessionProtectionSpace *space);

/**
 * The host of the server, or of the proxy; an IPv6 address without brackets. Lent by `space`. NULL for NULL.
 */
const char *url_session_protection_space_host(const UrlSessionProtectionSpace *space);

/**
 * Its port. 0 for NULL.
 */
uint16_t url_session_protection_space_port(const UrlSessionProtectionSpace *space);

/**
 * "http" or "https"; of a proxy its kind (Apple: proxyType). SOCKS proxies ask nobody: their user and
 * password are in their URL. Lives as long as the process.
 * NULL for NULL.
 */
const char *url_session_protection_space_protocol(const UrlSessionProtectionSpace *space);

/**
 * Whether a proxy asks. False for NULL.
 */
bool url_session_protection_space_is_proxy(const UrlSessionProtectionSpace *space);

/**
 * The realm, as the server wrote it; lent by `space`. NULL where there is none.
 */
const char *url_session_protection_space_realm(const UrlSessionProtectionSpace *space);

/**
 * How it wants to know who one is. UNKNOWN for NULL.
 */
UrlSessionAuthenticationMethod url_session_protection_space_authentication_method(const UrlSessionProtectionSpace *space);

/**
 * Whether a password cannot be read on its way there (Apple: receivesCredentialSecurely): over TLS, or because the
 * method does not send it. False for NULL.
 */
bool url_session_protection_space_receives_credential_securely(const UrlSessionProtectionSpace *space);

/**
 * The certificates of a SERVER_TRUST challenge (Apple: serverTrust); one reference is yours. NULL for other methods.
 */
UrlSessionServerTrust *url_session_protection_space_copy_server_trust(const UrlSessionProtectionSpace *space);

/**
 * How many issuers a CLIENT_CERTIFICATE challenge names (Apple: distinguishedNames); 0 also means any. 0 for NULL.
 */
size_t url_session_protection_space_distinguished_name_count(const UrlSessionProtectionSpace *space);

/**
 * The name of an issuer in DER, lent by `space`. INVALID_ARGUMENT past the last. No argument may be NULL.
 */
UrlSessionStatus url_session_protection_space_distinguished_name_at(const UrlSessionProtectionSpace *space,
                                                                    size_t index,
                                                                    const uint8_t **bytes,
                                                                    size_t *length);

/**
 * Takes one more reference; gives back `challenge`, or NULL where it is not a living handle.
 */
UrlSessionChallenge *url_session_challenge_retain(UrlSessionChallenge *challenge);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_challenge_release(UrlSessionChallenge *challenge);

/**
 * Who asks, and how; one reference is yours. NULL for NULL.
 */
UrlSessionProtectionSpace *url_session_challenge_copy_protection_space(const UrlSessionChallenge *challenge);

/**
 * What PERFORM_DEFAULT_HANDLING would use: the credential of the request, the session, the URL or a storage; one
 * reference is yours. NULL where there is none, and once it was refused.
 */
UrlSessionCredential *url_session_challenge_copy_proposed_credential(const UrlSessionChallenge *challenge);

/**
 * How many credentials this protection space has refused in this task. 0 for NULL.
 */
uint32_t url_session_challenge_previous_failure_count(const UrlSessionChallenge *challenge);

/**
 * The 401 or 407 that asks (Apple: failureResponse); one reference is yours. NULL where TLS asks.
 */
UrlSessionResponse *url_session_challenge_copy_failure_response(const UrlSessionChallenge *challenge);

/**
 * Why the platform does not trust the server; one reference is yours. NULL where it does, and for other methods.
 */
UrlSessionError *url_session_challenge_copy_error(const UrlSessionChallenge *challenge);

/**
 * Takes one more reference, to answer after the slot has returned; NULL where it is not a living handle.
 */
UrlSessionChallengeCompletion *url_session_challenge_completion_retain(UrlSessionChallengeCompletion *completion);

/**
 * Gives one reference back; NULL does nothing. With the last one an unanswered question gets its default,
 * PERFORM_DEFAULT_HANDLING.
 */
void url_session_challenge_completion_release(UrlSessionChallengeCompletion *completion);

/**
 * Answers. `credential` may be NULL, and is only looked at for USE_CREDENTIAL. The first answer wins, a second returns
 * ALREADY_ANSWERED; one that comes after the task has ended is harmless. INVALID_ARGUMENT for an unknown disposition:
 * and INVALID_HANDLE for a credential that is none: the question stays open. Any thread, any time.
 */
UrlSessionStatus url_session_challenge_completion_answer(UrlSessionChallengeCompletion *completion,
                                                         UrlSessionChallengeDisposition disposition,
                                                         UrlSessionCredential *credential);

/**
 * An empty one, in memory; one reference is yours.
 */
UrlSessionCredentialStorage *url_session_credential_storage_new(void);

/**
 * The one that default configurations use (Apple: URLCredentialStorage.shared), in memory until it is given a file.
 * Lent for as long as the process lives.
 */
UrlSessionCredentialStorage *url_session_credential_storage_shared(void);

/**
 * Takes one more reference; gives back `storage`, or NULL where it is not a living handle.
 */
UrlSessionCredentialStorage *url_session_credential_storage_retain(UrlSessionCredentialStorage *storage);

/**
 * Gives one reference back; NULL does nothing. Configurations and sessions that use the storage keep it.
 */
void url_session_credential_storage_release(UrlSessionCredentialStorage *storage);

/**
 * Keeps a credential, in place of what the same user had in this space, and with `is_default` as what is proposed
 * there (Apple: setDefaultCredential:forProtectionSpace:); the first is proposed anyway. Whatever its persistence
 * says. INVALID_ARGUMENT: it is neither a password nor a token. No pointer may be NULL.
 */
UrlSessionStatus url_session_credential_storage_set_credential(UrlSessionCredentialStorage *storage,
                                                               const UrlSessionProtectionSpace *space,
                                                               UrlSessionCredential *credential,
                                                               bool is_default);

/**
 * That of a user, or with NULL the default (Apple: defaultCredentialForProtectionSpace:); one reference is yours. NULL
 * where there is none.
 */
UrlSessionCredential *url_session_credential_storage_copy_credential(const UrlSessionCredentialStorage *storage,
                                                                     const UrlSessionProtectionSpace *space,
                                                                     const char *user);

/**
 * Forgets that of a user, or with NULL all of the space; what is not there does nothing.
 */
UrlSessionStatus url_session_credential_storage_remove_credential(UrlSessionCredentialStorage *storage,
                                                                  const UrlSessionProtectionSpace *space,
                                                                  const char *user);

/**
 * Keeps the PERMANENT credentials in a file from here on, and takes what it has beside what is here; nothing is
 * written to disk unasked. The file is text, readable by its owner alone but not encrypted, and replaced as a whole a
 * moment after a change; one that is not there yet comes to be. NULL: only in memory again. FAILED: it cannot be read,
 * and `*error`, which may be NULL, says why; one reference of it is yours.
 */
UrlSessionStatus url_session_credential_storage_set_file(UrlSessionCredentialStorage *storage,
                                                         const char *path,
                                                         UrlSessionError **error);

/**
 * Writes the file now, if there is one and something has changed, for example before the process ends; blocks.
 * FAILED as above.
 */
UrlSessionStatus url_session_credential_storage_flush(UrlSessionCredentialStorage *storage, UrlSessionError **error);

/**
 * Forgets everything. What a session was let in with it goes on sending; make another session to be asked again.
 */
UrlSessionStatus url_session_credential_storage_remove_all(UrlSessionCredentialStorage *storage);

/**
 * A cookie of the application's making, in `*cookie` (Apple: initWithProperties:); one reference is yours.
 * INVALID_ARGUMENT: no domain, or one of more than 1024 bytes; neither name nor value, or more than 4096 bytes of
 * both; a path of more than 8192; a control character, ';', or a blank at an end; `expires` that is not finite; or a
 * name that promises what is not so: "__Secure-" is for secure cookies, "__Host-" for secure ones of a host alone and
 * of the path "/" (RFC 6265bis). `properties` and `cookie`: not NULL.
 */
UrlSessionStatus url_session_cookie_new(const UrlSessionCookieProperties *properties, UrlSessionCookie **cookie);

/**
 * The cookie that `set_cookie`, the value of a Set-Cookie field, would set if `url` answered with it now (Apple:
 * cookiesWithResponseHeaderFields:forURL:), in `*cookie`; one reference is yours. It is read as RFC 6265bis says.
 * INVALID_ARGUMENT: `url` is no http or https URL, or may not set such a cookie. None may be NULL.
 */
UrlSessionStatus url_session_cookie_new_with_header(const char *url, const char *set_cookie, UrlSessionCookie **cookie);

/**
 * Takes one more reference; gives back `cookie`, or NULL where it is not a living handle.
 */
UrlSessionCookie *url_session_cookie_retain(UrlSessionCookie *cookie);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_cookie_release(UrlSessionCookie *cookie);

/**
 * The name, perhaps empty. Lent as long as you hold `cookie`; NULL for NULL. So are the texts below. Octets that are
 * not UTF-8 are shown as Latin-1, and go back to the server as they came.
 */
const char *url_session_cookie_name(const UrlSessionCookie *cookie);

/**
 * The value, perhaps empty, with its quotes if it has any.
 */
const char *url_session_cookie_value(const UrlSessionCookie *cookie);

/**
 * The domain, in small letters and without a dot in front.
 */
const char *url_session_cookie_domain(const UrlSessionCookie *cookie);

/**
 * The path.
 */
const char *url_session_cookie_path(const UrlSessionCookie *cookie);

/**
 * When it ends, in seconds since 1970 (Apple: expiresDate); 0 where it has no end, and for NULL.
 */
double url_session_cookie_expires(const UrlSessionCookie *cookie);

/**
 * Whether it goes to https alone. False for NULL, and so are those below.
 */
bool url_session_cookie_is_secure(const UrlSessionCookie *cookie);

/**
 * Whether scripts should not see it.
 */
bool url_session_cookie_is_http_only(const UrlSessionCookie *cookie);

/**
 * Whether it is for its host alone.
 */
bool url_session_cookie_is_host_only(const UrlSessionCookie *cookie);

/**
 * Whether it has no end of its own, and is written to no file.
 */
bool url_session_cookie_is_session_only(const UrlSessionCookie *cookie);

/**
 * With whose requests the server wants it to go; UNSPECIFIED for NULL.
 */
UrlSessionCookieSameSite url_session_cookie_same_site(const UrlSessionCookie *cookie);

/**
 * An empty storage of your own; one reference is yours.
 */
UrlSessionCookieStorage *url_session_cookie_storage_new(void);

/**
 * Another storage with the same cookies and without a file; one reference is yours. NULL for NULL.
 */
UrlSessionCookieStorage *url_session_cookie_storage_copy(const UrlSessionCookieStorage *storage);

/**
 * The storage of the process, which every default configuration and the shared session use (Apple:
 * sharedHTTPCookieStorage). It is in memory until url_session_cookie_storage_set_file gives it a file. Lent for as
 * long as the process lives.
 */
UrlSessionCookieStorage *url_session_cookie_storage_shared(void);

/**
 * Takes one more reference; gives back `storage`, or NULL where it is not a living handle.
 */
UrlSessionCookieStorage *url_session_cookie_storage_retain(UrlSessionCookieStorage *storage);

/**
 * Gives one reference back; NULL does nothing. With your last one what has changed is written to the storage's file;
 * configurations and sessions may go on using it.
 */
void url_session_cookie_storage_release(UrlSessionCookieStorage *storage);

/**
 * Puts a cookie there, in place of the one with its name, domain and path (Apple: setCookie:). One that has expired
 * takes that away. What a server may not do you may: no URL is asked for.
 */
UrlSessionStatus url_session_cookie_storage_set_cookie(UrlSessionCookieStorage *storage, UrlSessionCookie *cookie);

/**
 * As if `url` had answered with this value of a Set-Cookie field. INVALID_ARGUMENT: `url` is no http or https URL, or
 * may not set such a cookie. The accept policy is a configuration's, and not asked.
 */
UrlSessionStatus url_session_cookie_storage_store_header(UrlSessionCookieStorage *storage,
                                                         const char *url,
                                                         const char *set_cookie);

/**
 * Takes away the cookie with the name, domain and path of this one (Apple: deleteCookie:). OK too where there is none.
 */
UrlSessionStatus url_session_cookie_storage_delete_cookie(UrlSessionCookieStorage *storage,
                                                          const UrlSessionCookie *cookie);

/**
 * Takes away the cookies that were created then or later, in seconds since 1970 (Apple: removeCookiesSinceDate:); a
 * cookie that took another's place counts from when that was created, one from a file from when it was read. 0: all.
 * INVALID_ARGUMENT: not a number.
 */
UrlSessionStatus url_session_cookie_storage_remove_cookies_since(UrlSessionCookieStorage *storage, double seconds);

/**
 * The cookie of that name, in `*cookie`; one reference is yours. OK with NULL where there is none. `domain` and `path`
 * narrow it down, and may be NULL. INVALID_STATE: there is more than one, so say which.
 */
UrlSessionStatus url_session_cookie_storage_copy_cookie(const UrlSessionCookieStorage *storage,
                                                        const char *name,
                                                        const char *domain,
                                                        const char *path,
                                                        UrlSessionCookie **cookie);

/**
 * Lists the cookies that go with a request for `url`, in the order in which they are sent: longer paths first, then
 * those that were created first (Apple: cookiesForURL:). NULL as `url`: all, as they were created (Apple: cookies).
 * `handler` is called once, inside this call; it may call what it likes. INVALID_ARGUMENT: no http or https URL.
 */
UrlSessionStatus url_session_cookie_storage_get_cookies(const UrlSessionCookieStorage *storage,
                                                        const char *url,
                                                        UrlSessionCookiesHandler handler,
                                                        void *context);

/**
 * What the Cookie field of a request for `url` would be, "a=1; b=2"; one reference is yours. It has 64 KiB at most: a
 * cookie that does not fit is left out. NULL where no cookie goes there, and for what is no http or https URL.
 */
UrlSessionData *url_session_cookie_storage_copy_cookie_header(const UrlSessionCookieStorage *storage, const char *url);

/**
 * Takes cookies from the bytes of a Netscape cookie file, as curl, wget and browsers' tools write it, in place of
 * those that are the same; `*count`, which may be NULL: how many. Lines that are no cookie, or one that has expired,
 * are skipped; after 3000 no more are read.
 */
UrlSessionStatus url_session_cookie_storage_import_netscape(UrlSessionCookieStorage *storage,
                                                            const uint8_t *file,
                                                            size_t length,
                                                            size_t *count);

/**
 * All cookies as the bytes of a Netscape cookie file, those without an end too; one reference is yours. What curl does
 * not know, SameSite, stands in comments. A cookie with a tab in its name or path cannot be written there. NULL for
 * NULL.
 */
UrlSessionData *url_session_cookie_storage_copy_netscape(const UrlSessionCookieStorage *storage);

/**
 * Keeps the cookies in a file from here on, in the form of url_session_cookie_storage_copy_netscape, but without those
 * that have no end. What the file has is taken beside what is in the storage; one that is not there is empty, and a
 * line that is no cookie is skipped. A change is written within a second, by a thread for it: the file is replaced as
 * a whole, and its owner alone may read it. So it is one storage's and one process's: of two, the last who writes
 * wins. Nothing is synced to the disk. A relative path counts from the working directory. A file it had before is
 * written once more; NULL: then only in memory again. FAILED: nothing has changed, and `*error`, which may be NULL,
 * says why (CANNOT_OPEN_FILE, and below it the system's); one reference is yours.
 */
UrlSessionStatus url_session_cookie_storage_set_file(UrlSessionCookieStorage *storage,
                                                     const char *path,
                                                     UrlSessionError **error);

/**
 * Writes what has changed to the file at once, if there is one; a process that ends should have called it. FAILED:
 * `*error`, which may be NULL, says why (CANNOT_WRITE_TO_FILE); one reference is yours. It is tried again with the
 * next change.
 */
UrlSessionStatus url_session_cookie_storage_flush(UrlSessionCookieStorage *storage, UrlSessionError **error);

/**
 * The defaults, with the storages that all default configurations share; one reference is yours. The storages are in
 * memory until they are given a file. Of the environment count proxies and the variables of certificates, each with a
 * switch; netrc and SSLKEYLOGFILE do not, unless it is said.
 */
UrlSessionConfiguration *url_session_configuration_new_default(void);

/**
 * The defaults, with storages of its own in memory, gone with their last configuration or session; one reference is
 * yours.
 */
UrlSessionConfiguration *url_session_configuration_new_ephemeral(void);

/**
 * Another configuration with the same content; one reference is yours. NULL for NULL.
 */
UrlSessionConfiguration *url_session_configuration_copy(const UrlSessionConfiguration *configuration);

/**
 * Takes one more reference; gives back `configuration`, or NULL where it is not a living handle.
 */
UrlSessionConfiguration *url_session_configuration_retain(UrlSessionConfiguration *configuration);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_configuration_release(UrlSessionConfiguration *configuration);

/**
 * Seconds without a byte moving after which a task fails: the timer restarts with every byte, and stands still while
 * a task is suspended, waits for a free connection or waits for a slow data slot. 0 restores the default, 60;
 * INFINITY means never. INVALID_ARGUMENT: negative or not a number.
 */
UrlSessionStatus url_session_configuration_set_timeout_interval_for_request(UrlSessionConfiguration *configuration,
                                                                            double seconds);

/**
 * The above. 0 for NULL.
 */
double url_session_configuration_timeout_interval_for_request(const UrlSessionConfiguration *configuration);

/**
 * Seconds that a whole task may take, redirects, repeats and waiting included; it stands still while the task is
 * suspended. 0 restores the default, 604800 (7 days); INFINITY means any time. INVALID_ARGUMENT as above.
 */
UrlSessionStatus url_session_configuration_set_timeout_interval_for_resource(UrlSessionConfiguration *configuration,
                                                                             double seconds);

/**
 * The above. 0 for NULL.
 */
double url_session_configuration_timeout_interval_for_resource(const UrlSessionConfiguration *configuration);

/**
 * Seconds that waiting for a free connection, resolving, connecting and the TLS handshake may take together; not
 * Apple's. 0 restores the default, INFINITY: then the two timers above are all there is. INVALID_ARGUMENT as above.
 */
UrlSessionStatus url_session_configuration_set_timeout_interval_for_connect(UrlSessionConfiguration *configuration,
                                                                            double seconds);

/**
 * The above. 0 for NULL.
 */
double url_session_configuration_timeout_interval_for_connect(const UrlSessionConfiguration *configuration);

/**
 * A header field for every request of the session that does not set it itself (Apple: httpAdditionalHeaders); NULL
 * as value takes it away again. Rules as for url_session_request_set_value_for_header_field. A sensitive one
 * (Authorization, Cookie, X-API-Key and the like) does not follow a redirect to another origin.
 */
UrlSessionStatus url_session_configuration_set_http_additional_header(UrlSessionConfiguration *configuration,
                                                                      const char *name,
                                                                      const char *value);

/**
 * Certificates to trust beside the platform's: one or more in PEM, copied. INVALID_ARGUMENT where there is none or
 * one is broken; then nothing is added.
 */
UrlSessionStatus url_session_configuration_add_trusted_certificates(UrlSessionConfiguration *configuration,
                                                                    const uint8_t *pem,
                                                                    size_t length);

/**
 * The oldest TLS version to speak, at first V1_2 (Apple: tlsMinimumSupportedProtocolVersion). INVALID_ARGUMENT for
 * an unknown one, or one above the newest: set that first.
 */
UrlSessionStatus url_session_configuration_set_tls_minimum_version(UrlSessionConfiguration *configuration,
                                                                   UrlSessionTlsVersion version);

/**
 * The above. 0 for NULL.
 */
UrlSessionTlsVersion url_session_configuration_tls_minimum_version(const UrlSessionConfiguration *configuration);

/**
 * The newest TLS version to speak, at first V1_3 (Apple: tlsMaximumSupportedProtocolVersion). INVALID_ARGUMENT for
 * an unknown one, or one below the oldest: set that first.
 */
UrlSessionStatus url_session_configuration_set_tls_maximum_version(UrlSessionConfiguration *configuration,
                                                                   UrlSessionTlsVersion version);

/**
 * The above. 0 for NULL.
 */
UrlSessionTlsVersion url_session_configuration_tls_maximum_version(const UrlSessionConfiguration *configuration);

/**
 * Certificates to trust beside the platform's, from a PEM file such as a CA bundle, which is read in this call. What
 * is in it beside certificates is passed over. FAILED, and nothing is added, where the file cannot be read, is larger
 * than 16 MiB or has no certificate: `*error`, which may be NULL, names the path and says why; one reference is yours.
 */
UrlSessionStatus url_session_configuration_add_trusted_certificates_file(UrlSessionConfiguration *configuration,
                                                                         const char *path,
                                                                         UrlSessionError **error);

/**
 * The same from a directory of PEM files, one certificate or more in each, as `openssl rehash` or `c_rehash` leave it.
 * Directories in it are not looked into, and files that cannot be read are passed over. FAILED as above, where no
 * certificate is found in its first 4096 files.
 */
UrlSessionStatus url_session_configuration_add_trusted_certificates_directory(UrlSessionConfiguration *configuration,
                                                                              const char *path,
                                                                              UrlSessionError **error);

/**
 * Whether the platform's certificates are trusted, at first true. With false only those count that the configuration
 * adds: a private authority, and nobody else.
 */
UrlSessionStatus url_session_configuration_set_trusts_platform_certificates(UrlSessionConfiguration *configuration,
                                                                            bool trusts);

/**
 * The above. False for NULL.
 */
bool url_session_configuration_trusts_platform_certificates(const UrlSessionConfiguration *configuration);

/**
 * Whether the environment may say what the platform's certificates are, at first true: REQUESTS_CA_BUNDLE, else
 * CURL_CA_BUNDLE, else SSL_CERT_FILE and SSL_CERT_DIR (a list of directories), each a PEM file or a directory of them.
 * They stand in place of the platform's, and are read with the session's first https request; where a variable leads
 * to no certificate, https fails with SERVER_CERTIFICATE_HAS_UNKNOWN_ROOT instead of trusting somebody else. What the
 * configuration says itself goes before: certificates that it adds are trusted all the same, and without the
 * platform's, or with any certificate accepted, the environment is not looked at. With false it has no influence.
 */
UrlSessionStatus url_session_configuration_set_uses_environment_certificates(UrlSessionConfiguration *configuration,
                                                                             bool uses);

/**
 * The above. False for NULL.
 */
bool url_session_configuration_uses_environment_certificates(const UrlSessionConfiguration *configuration);

/**
 * DANGEROUS: with true every server is trusted, whoever it is, and whoever stands between it and the application reads
 * and changes all that is sent. At first false. For tests at most: to accept one certificate, trust it with
 * url_session_configuration_add_trusted_certificates or answer its challenge. Pins hold all the same, and so does what
 * a delegate answers.
 */
UrlSessionStatus url_session_configuration_set_dangerously_accepts_any_server_certificate(UrlSessionConfiguration *configuration,
                                                                                          bool accepts);

/**
 * The above. False for NULL.
 */
bool url_session_configuration_dangerously_accepts_any_server_certificate(const UrlSessionConfiguration *configuration);

/**
 * A public key that `host` must have, beside a certificate that is trusted: the SHA-256 of its SubjectPublicKeyInfo
 * (RFC 7469; see url_session_server_trust_public_key_sha256_at), copied: 32 raw bytes, not base64 nor hexadecimal. It
 * is the server's own, or that of an authority which the server shows and which has signed for it; the root is usually
 * not shown. Of several for one host any is enough; those of a domain whose subdomains are included count for them
 * too. Another key fails the task with SERVER_CERTIFICATE_UNTRUSTED before anything is sent, a client certificate
 * neither, whatever a delegate answers: it can accept a certificate that is not trusted, but never one that is not
 * pinned. A pinned key alone does not make a certificate trusted. `host` is a name or an address without a port, of a
 * server or of a proxy that speaks TLS. INVALID_ARGUMENT: it is neither, or `length` is not 32. Neither pointer may be
 * NULL.
 */
UrlSessionStatus url_session_configuration_add_pinned_public_key(UrlSessionConfiguration *configuration,
                                                                 const char *host,
                                                                 const uint8_t *sha256,
                                                                 size_t length,
                                                                 bool includes_subdomains);

/**
 * The certificate to show when `host`, on whatever port, asks for one: what the challenge proposes and
 * PERFORM_DEFAULT_HANDLING uses; without a delegate it is shown to a server that is trusted. A proxy of that name that
 * speaks TLS counts too. NULL takes it away.
 * INVALID_ARGUMENT: the credential is none of a certificate, or `host` is no name or address.
 */
UrlSessionStatus url_session_configuration_set_client_certificate(UrlSessionConfiguration *configuration,
                                                                  const char *host,
                                                                  UrlSessionCredential *credential);

/**
 * DANGEROUS: with true the keys of every TLS connection are appended to the file that the environment variable
 * SSLKEYLOGFILE names, for tools like Wireshark: whoever has the file and the traffic reads everything. At first
 * false, and then the variable is not looked at.
 */
UrlSessionStatus url_session_configuration_set_logs_tls_secrets(UrlSessionConfiguration *configuration, bool logs);

/**
 * The above. False for NULL.
 */
bool url_session_configuration_logs_tls_secrets(const UrlSessionConfiguration *configuration);

/**
 * How many connections the session opens to one origin; further tasks wait, by priority, then first come. Default 6,
 * 1 to 65535 (Apple: httpMaximumConnectionsPerHost).
 */
UrlSessionStatus url_session_configuration_set_http_maximum_connections_per_host(UrlSessionConfiguration *configuration,
                                                                                 uint32_t connections);

/**
 * The above. 0 for NULL.
 */
uint32_t url_session_configuration_http_maximum_connections_per_host(const UrlSessionConfiguration *configuration);

/**
 * How many redirects a task follows; one more fails it with HTTP_TOO_MANY_REDIRECTS. 0 follows none: the 3xx is the
 * result. Default 20, at most 1000.
 */
UrlSessionStatus url_session_configuration_set_maximum_redirects(UrlSessionConfiguration *configuration,
                                                                 uint32_t redirects);

/**
 * The above. 0 for NULL.
 */
uint32_t url_session_configuration_maximum_redirects(const UrlSessionConfiguration *configuration);

/**
 * One more name of a header field that holds a secret, in whatever case: a redirect to another origin does not take it
 * along. From https to http is another origin; from http to https of the same host, both at their default ports, is
 * not. Known are Authorization, Proxy-Authorization, Cookie, Cookie2, X-API-Key, API-Key, X-Auth-Token,
 * X-Access-Token, X-Amz-Security-Token, X-CSRF-Token, X-Goog-API-Key, X-Vault-Token and Private-Token.
 * INVALID_ARGUMENT: not a name.
 */
UrlSessionStatus url_session_configuration_add_sensitive_header_field(UrlSessionConfiguration *configuration,
                                                                      const char *name);

/**
 * How many bytes the head of a response may have, and as many the trailers of a body; more is CANNOT_PARSE_RESPONSE.
 * Default 65536, from 1024 to 16 MiB.
 */
UrlSessionStatus url_session_configuration_set_maximum_header_size(UrlSessionConfiguration *configuration,
                                                                   uint32_t bytes);

/**
 * The above. 0 for NULL.
 */
uint32_t url_session_configuration_maximum_header_size(const UrlSessionConfiguration *configuration);

/**
 * How many fields the head of a response may have; more is CANNOT_PARSE_RESPONSE. Default 100, from 1 to 128.
 */
UrlSessionStatus url_session_configuration_set_maximum_header_count(UrlSessionConfiguration *configuration,
                                                                    uint32_t fields);

/**
 * The above. 0 for NULL.
 */
uint32_t url_session_configuration_maximum_header_count(const UrlSessionConfiguration *configuration);

/**
 * How many bytes a body may have once decoded; more is DATA_LENGTH_EXCEEDS_MAXIMUM. Default UINT64_MAX, no limit:
 * what streams through the data slot is bounded in memory whatever its length.
 */
UrlSessionStatus url_session_configuration_set_maximum_decoded_size(UrlSessionConfiguration *configuration,
                                                                    uint64_t bytes);

/**
 * The above. 0 for NULL.
 */
uint64_t url_session_configuration_maximum_decoded_size(const UrlSessionConfiguration *configuration);

/**
 * How many bytes a completion handler's body may have, which is gathered in memory; more is
 * DATA_LENGTH_EXCEEDS_MAXIMUM. Default 256 MiB.
 */
UrlSessionStatus url_session_configuration_set_maximum_gathered_size(UrlSessionConfiguration *configuration,
                                                                     uint64_t bytes);

/**
 * The above. 0 for NULL.
 */
uint64_t url_session_configuration_maximum_gathered_size(const UrlSessionConfiguration *configuration);

/**
 * How many bytes one compressed byte may become, on the average of a body and once it has become 10 MiB; more is
 * DATA_LENGTH_EXCEEDS_MAXIMUM, for it is a decompression bomb. Default 250; 0 means no limit.
 */
UrlSessionStatus url_session_configuration_set_maximum_decompression_ratio(UrlSessionConfiguration *configuration,
                                                                           uint32_t ratio);

/**
 * The above. 0 for NULL.
 */
uint32_t url_session_configuration_maximum_decompression_ratio(const UrlSessionConfiguration *configuration);

/**
 * Where the session's cookies are (Apple: httpCookieStorage); retained. Sessions may share one. NULL: nowhere, there
 * are none. A default configuration has the shared storage, each ephemeral one a storage of its own, which its copies
 * and sessions share. A request gets the cookies for its URL on every hop; every answer sets some, redirects and
 * errors too, but not informational ones and not a proxy's 407. A Cookie field of the request's or the session's own
 * wins: then none of the storage's go with that hop, while its answer may still set some.
 */
UrlSessionStatus url_session_configuration_set_http_cookie_storage(UrlSessionConfiguration *configuration,
                                                                   UrlSessionCookieStorage *storage);

/**
 * The above; one reference is yours. NULL where there is none.
 */
UrlSessionCookieStorage *url_session_configuration_copy_http_cookie_storage(const UrlSessionConfiguration *configuration);

/**
 * Whether requests get cookies of the storage, at first true (Apple: httpShouldSetCookies). Answers set some all the
 * same: that is for the accept policy to say.
 */
UrlSessionStatus url_session_configuration_set_http_should_set_cookies(UrlSessionConfiguration *configuration,
                                                                       bool should_set);

/**
 * The above. False for NULL.
 */
bool url_session_configuration_http_should_set_cookies(const UrlSessionConfiguration *configuration);

/**
 * Whose cookies are stored, at first ONLY_FROM_MAIN_DOCUMENT_DOMAIN (Apple: httpCookieAcceptPolicy). What is stored
 * already is sent whatever this says. INVALID_ARGUMENT for an unknown one.
 */
UrlSessionStatus url_session_configuration_set_http_cookie_accept_policy(UrlSessionConfiguration *configuration,
                                                                         UrlSessionCookieAcceptPolicy policy);

/**
 * The above. ALWAYS for NULL.
 */
UrlSessionCookieAcceptPolicy url_session_configuration_http_cookie_accept_policy(const UrlSessionConfiguration *configuration);

/**
 * Whether the session's cookies go with the request, and its answers set some, at first true (Apple:
 * HTTPShouldHandleCookies).
 */
UrlSessionStatus url_session_request_set_http_should_handle_cookies(UrlSessionRequest *request, bool should_handle);

/**
 * The above. False for NULL.
 */
bool url_session_request_http_should_handle_cookies(const UrlSessionRequest *request);

/**
 * The URL of the page that the request is made for (Apple: mainDocumentURL), for ONLY_FROM_MAIN_DOCUMENT_DOMAIN:
 * cookies of other sites are then not stored. NULL, as at first: the request is for itself. INVALID_ARGUMENT: no http
 * or https URL.
 */
UrlSessionStatus url_session_request_set_main_document_url(UrlSessionRequest *request, const char *url);

/**
 * The above, as it was parsed. Lent until the request is changed or released; NULL where there is none.
 */
const char *url_session_request_main_document_url(const UrlSessionRequest *request);

/**
 * A cookie for this request alone, in place of one of the same name, stored or not (Python's requests: cookies=). It
 * goes along to redirects within the origin and is never stored. NULL as value takes it away. A Cookie field of the
 * request's own wins over it. INVALID_ARGUMENT: an empty name and value, or what cannot stand in a cookie (see
 * url_session_cookie_new).
 */
UrlSessionStatus url_session_request_set_cookie(UrlSessionRequest *request, const char *name, const char *value);

/**
 * Whether the session goes nowhere over http: then a task whose URL, or a redirect's, is http and does not become
 * https by what its HSTS storage knows, fails with APP_TRANSPORT_SECURITY_REQUIRES_SECURE_CONNECTION before anything
 * is sent. A redirect that your slot answers with an https URL is fine. Default false (Apple: App Transport Security).
 */
UrlSessionStatus url_session_configuration_set_requires_https(UrlSessionConfiguration *configuration,
                                                              bool requires_https);

/**
 * The above. False for NULL.
 */
bool url_session_configuration_requires_https(const UrlSessionConfiguration *configuration);

/**
 * Whether the session connects to the Internet alone, for URLs that somebody else chooses: of the addresses of every
 * host, redirects included, those are dropped that are loopback, private (RFC 1918, fc00::/7), link-local, shared
 * (100.64.0.0/10), unspecified, multicast, reserved or for documentation, also where they are embedded in an IPv6
 * address (mapped, NAT64, 6to4, Teredo); where none is left the task fails with CANNOT_CONNECT_TO_HOST. What was
 * checked is what is connected to: a name is looked up once. A proxy may be anywhere; through one this applies to
 * hosts that are addresses, and to names that are looked up here (socks4 and socks5), but not to those that the proxy
 * looks up. It does not apply to what your dialer connects. Default false; not Apple's.
 */
UrlSessionStatus url_session_configuration_set_refuses_private_addresses(UrlSessionConfiguration *configuration,
                                                                         bool refuses);

/**
 * The above. False for NULL.
 */
bool url_session_configuration_refuses_private_addresses(const UrlSessionConfiguration *configuration);

/**
 * An empty one, in memory; one reference is yours.
 */
UrlSessionHstsStorage *url_session_hsts_storage_new(void);

/**
 * The one that default configurations use, in memory unless you give it a file. Lent for as long as the process lives.
 */
UrlSessionHstsStorage *url_session_hsts_storage_shared(void);

/**
 * Takes one more reference; gives back `storage`, or NULL where it is not a living handle.
 */
UrlSessionHstsStorage *url_session_hsts_storage_retain(UrlSessionHstsStorage *storage);

/**
 * Gives one reference back; NULL does nothing. Configurations and sessions that use the storage keep it; with the last
 * of them it writes its file, where it has one.
 */
void url_session_hsts_storage_release(UrlSessionHstsStorage *storage);

/**
 * As if the host had said so itself: https only for so many seconds from now, and on hosts below it too where
 * `include_subdomains` says so. 0 seconds forget it; more than a hundred years are a hundred years. INVALID_ARGUMENT:
 * an address, or not the name of a host.
 */
UrlSessionStatus url_session_hsts_storage_set_host(UrlSessionHstsStorage *storage,
                                                   const char *host,
                                                   uint64_t max_age,
                                                   bool include_subdomains);

/**
 * Whether the host, or one above it that includes it, is known. False for NULL.
 */
bool url_session_hsts_storage_contains(const UrlSessionHstsStorage *storage, const char *host);

/**
 * Forgets all hosts.
 */
UrlSessionStatus url_session_hsts_storage_remove_all(UrlSessionHstsStorage *storage);

/**
 * Takes hosts from lines of text, as url_session_hsts_storage_copy_export and curl write them, in place of what is
 * known of them: `host "20301231 23:59:59"` in UTC, or `host "unlimited"`, a dot before the host for hosts below it
 * too. A preload list can come in this way. Lines that cannot be read, and what has expired, are skipped.
 */
UrlSessionStatus url_session_hsts_storage_import(UrlSessionHstsStorage *storage, const uint8_t *lines, size_t length);

/**
 * All hosts as lines of text, in the order of their names; one reference is yours. NULL for NULL.
 */
UrlSessionData *url_session_hsts_storage_copy_export(const UrlSessionHstsStorage *storage);

/**
 * Keeps the hosts in a file of such lines from here on: takes what is in it and not known yet, then writes what has
 * changed a moment after it did. A relative path counts from the working directory. The file is readable by its owner
 * alone and replaced as a whole; one that is not there yet comes to be. NULL: only in memory again. FAILED: it cannot
 * be read, and nothing has changed; `*error`, which may be NULL, says why, and one reference of it is yours. The
 * shared storage is never let go of: flush it before the process ends. Reads and writes files, so it may take its
 * time.
 */
UrlSessionStatus url_session_hsts_storage_set_file(UrlSessionHstsStorage *storage,
                                                   const char *path,
                                                   UrlSessionError **error);

/**
 * Writes the file now, if there is one and something has changed, for example before the process ends; blocks.
 * FAILED: it cannot be written, as above.
 */
UrlSessionStatus url_session_hsts_storage_flush(UrlSessionHstsStorage *storage, UrlSessionError **error);

/**
 * Where sessions of this configuration remember which hosts want https; NULL: nowhere, and no URL is changed. Default
 * configurations use the shared storage, ephemeral ones each have their own, which a copy of one shares.
 */
UrlSessionStatus url_session_configuration_set_hsts_storage(UrlSessionConfiguration *configuration,
                                                            UrlSessionHstsStorage *storage);

/**
 * The above; one reference is yours. NULL where there is none.
 */
UrlSessionHstsStorage *url_session_configuration_copy_hsts_storage(const UrlSessionConfiguration *configuration);

/**
 * The proxy for a part of the session's URLs (Apple: connectionProxyDictionary, proxyConfigurations); NULL as `proxy`
 * takes it away again.
 *
 * `key` is "scheme://host", "http" or "https", "all://host" or "all", and the narrowest that fits a URL counts, in
 * this order. A request's own proxy goes before it, the environment's comes after it.
 *
 * `proxy` is "scheme://user:password@host:port", where only the host must be; text that is reserved in URLs is
 * percent-encoded. The scheme says what is spoken to the proxy:
 * - http, which is also what none means, or https, which is HTTP over TLS with the session's trust: an http URL is
 *   asked for from the proxy, for an https URL it opens a tunnel (CONNECT). Port 80 or 443, where none is given.
 * - socks4 (also socks) and socks5, which are given addresses, so that this machine looks up the server's name;
 *   socks4a and socks5h, where the proxy does. Port 1080. The password is for 5 and 5h, which want one with the user.
 * - direct:// is no proxy, for what a wider key would send through one.
 *
 * User and password are for the proxy alone: no getter, error or server sees them. INVALID_ARGUMENT: another key,
 * another scheme, no host, a path, or a user and password that cannot be said to a proxy of this kind.
 */
UrlSessionStatus url_session_configuration_set_proxy(UrlSessionConfiguration *configuration,
                                                     const char *key,
                                                     const char *proxy);

/**
 * What was set for this key, "direct://" or a proxy's URL with its port and without user and password. Lent until the
 * configuration is changed or released; NULL where there is nothing.
 */
const char *url_session_configuration_proxy(const UrlSessionConfiguration *configuration, const char *key);

/**
 * Hosts that take no proxy of the configuration (Apple: ExceptionsList, excludedDomains); NULL is none again. The list
 * has commas between its elements, blanks do not count, and neither does case. An element is a name, which stands for
 * the names below it too and may begin with "." or "*."; an address, or a network such as 10.0.0.0/8 or 2001:db8::/32,
 * which a name is never looked up for; either of them but a network with ":port"; or "*", which is every host.
 * INVALID_ARGUMENT for any other element; then nothing is changed.
 */
UrlSessionStatus url_session_configuration_set_proxy_exceptions(UrlSessionConfiguration *configuration,
                                                                const char *exceptions);

/**
 * The above, as it was given. Lent until the configuration is changed or released; NULL where there is none.
 */
const char *url_session_configuration_proxy_exceptions(const UrlSessionConfiguration *configuration);

/**
 * Whether a URL that neither its request nor the configuration has a proxy for takes the one of the environment, which
 * is what Apple calls the system's settings. At first true. The environment is read once, when a session is made:
 * http_proxy for http, https_proxy or HTTPS_PROXY for https, all_proxy or ALL_PROXY for both where there is none of
 * these, no_proxy or NO_PROXY for exceptions, with lists as above whose unknown elements do not count. Of two
 * spellings the one in small letters counts. HTTP_PROXY is not read, because whoever asks a CGI program for something
 * can set it. localhost, names below it and addresses of this machine take no proxy of the environment. A variable
 * that holds no proxy fails the tasks that would take it with BAD_URL, rather than send them straight.
 */
UrlSessionStatus url_session_configuration_set_uses_environment_proxies(UrlSessionConfiguration *configuration,
                                                                        bool uses);

/**
 * The above. False for NULL.
 */
bool url_session_configuration_uses_environment_proxies(const UrlSessionConfiguration *configuration);

/**
 * The proxy for this request, whatever the session has: written as for url_session_configuration_set_proxy, so
 * "direct://" is none. NULL, as at first, takes the session's. A redirect takes it along.
 *
 * A field Proxy-Authorization of the request is for the proxy alone and goes before user and password of its URL: it
 * is sent to an HTTP proxy with an http URL, in front of the tunnel for an https URL, and to nobody else. Refused, it
 * gives way to what a delegate answers. Suppressed, an HTTP proxy is told nothing, and nobody is asked.
 */
UrlSessionStatus url_session_request_set_proxy(UrlSessionRequest *request, const char *proxy);

/**
 * The above, "direct://" or a URL with its port and without user and password. Lent until the request is changed or
 * released; NULL where the session's counts.
 */
const char *url_session_request_proxy(const UrlSessionRequest *request);

/**
 * Where downloads have their temporary files, "urlsession-….download", until they are moved; copied. NULL, the
 * default, is the system's directory for such files, which is often in memory, which others use too, and which may be
 * emptied while a paused download waits: choose another for large files. Resume data name a file in this directory: a
 * session that goes on with one needs the same. Processes that are killed leave their files here. INVALID_ARGUMENT: an
 * empty path.
 */
UrlSessionStatus url_session_configuration_set_download_directory(UrlSessionConfiguration *configuration,
                                                                  const char *path);

/**
 * The above; NULL for the system's. Lent until the configuration is changed or released.
 */
const char *url_session_configuration_download_directory(const UrlSessionConfiguration *configuration);

/**
 * Whether a download whose status is not 2xx or 304 fails with BAD_SERVER_RESPONSE, instead of ending with the error
 * page in its file. Default false.
 */
UrlSessionStatus url_session_configuration_set_downloads_require_success(UrlSessionConfiguration *configuration,
                                                                         bool require);

/**
 * The above. False for NULL.
 */
bool url_session_configuration_downloads_require_success(const UrlSessionConfiguration *configuration);

/**
 * A body of more bytes than this goes out with "Expect: 100-continue": first the head, and the body when the server
 * wants it (RFC 9110, 10.1.1). One of unknown length does so at any value but the default, UINT64_MAX, which means:
 * only where a request has the field itself. A server that answers 417 gets the request once more without.
 */
UrlSessionStatus url_session_configuration_set_expect_continue_above(UrlSessionConfiguration *configuration,
                                                                     uint64_t bytes);

/**
 * The above. 0 for NULL.
 */
uint64_t url_session_configuration_expect_continue_above(const UrlSessionConfiguration *configuration);

/**
 * Seconds that a body waits for the server's 100 before it goes out without. 0 restores the default, 1; INFINITY waits
 * until the task times out. INVALID_ARGUMENT: negative or not a number.
 */
UrlSessionStatus url_session_configuration_set_timeout_interval_for_continue(UrlSessionConfiguration *configuration,
                                                                             double seconds);

/**
 * The above. 0 for NULL.
 */
double url_session_configuration_timeout_interval_for_continue(const UrlSessionConfiguration *configuration);

/**
 * Connections of the application's making, in place of the library's own resolving and connecting: for tests without
 * a network, Unix sockets, tunnels. NULL as `dial` goes back to the library's own. `release`, which may be NULL, is
 * called with `context` once no configuration and no session needs it any more, by whatever thread lets go of the last
 * of them. Not on Windows.
 */
UrlSessionStatus url_session_configuration_set_dialer(UrlSessionConfiguration *configuration,
                                                      UrlSessionDialFunction dial,
                                                      void *context,
                                                      void (*release)(void *context));

/**
 * Takes one more reference, which keeps the file; gives back `file`, or NULL where it is not a living handle.
 */
UrlSessionDownloadedFile *url_session_downloaded_file_retain(UrlSessionDownloadedFile *file);

/**
 * Gives one reference back; NULL does nothing.
 */
void url_session_downloaded_file_release(UrlSessionDownloadedFile *file);

/**
 * Where the file is, also after it was moved. Lent as long as you hold `file`, or the slot runs. NULL for NULL.
 */
const char *url_session_downloaded_file_path(const UrlSessionDownloadedFile *file);

/**
 * Moves the file to `path`, in place of what may be there: at once, or not at all. A relative path counts from the
 * working directory. To another file system it is copied beside the target first, so this may take its time, and the
 * session's other messages wait meanwhile; nothing is synced to the disk. From then on the file is yours, readable by
 * its owner alone. FAILED: it stays where it is, and `*error`, which may be NULL, says why (CANNOT_MOVE_FILE, and
 * below it the system's); one reference is yours. INVALID_STATE: it was moved before, or went to the task's
 * destination.
 */
UrlSessionStatus url_session_downloaded_file_move_to(UrlSessionDownloadedFile *file,
                                                     const char *path,
                                                     UrlSessionError **error);

/**
 * As whom a request goes; last one wins. INVALID_ARGUMENT: an unknown use, or a credential that is neither a password
 * nor a token; `credential` must be NULL but for THIS.
 */
UrlSessionStatus url_session_request_set_credential(UrlSessionRequest *request,
                                                    UrlSessionCredentialUse credential_use,
                                                    UrlSessionCredential *credential);

/**
 * As whom the session goes to one origin, sent ahead as UrlSessionCredentialUse says; last one wins, and with NULL the
 * session says nothing of it, as at first. `origin` is a URL such as "https://api.example.com", of which only scheme,
 * host and port count: to no other origin the credential goes. Its persistence does not matter. An Authorization field
 * among the configuration's additional ones goes before it. INVALID_ARGUMENT: no such URL, or neither a password nor a
 * token.
 */
UrlSessionStatus url_session_configuration_set_credential(UrlSessionConfiguration *configuration,
                                                          const char *origin,
                                                          UrlSessionCredential *credential);

/**
 * Where default handling looks for credentials, and where PERMANENT ones are kept (Apple: urlCredentialStorage). At
 * first the shared one; of an ephemeral configuration one of its own. NULL: none.
 */
UrlSessionStatus url_session_configuration_set_credential_storage(UrlSessionConfiguration *configuration,
                                                                  UrlSessionCredentialStorage *storage);

/**
 * The above; one reference is yours. NULL where there is none.
 */
UrlSessionCredentialStorage *url_session_configuration_copy_credential_storage(const UrlSessionConfiguration *configuration);

/**
 * Whether a netrc file says who to be where neither the request nor the session nor the URL does; at first not. It
 * beats no Authorization field. `path` names the file; NULL is the usual one: what the environment's NETRC names, else
 * .netrc or _netrc in the home directory. It is read when it is needed, and passed over where it cannot be.
 */
UrlSessionStatus url_session_configuration_set_uses_netrc(UrlSessionConfiguration *configuration,
                                                          bool uses_netrc,
                                                          const char *path);

/**
 * The above. False for NULL.
 */
bool url_session_configuration_uses_netrc(const UrlSessionConfiguration *configuration);

/**
 * How far the task is now. Set `progress->size` to sizeof(UrlSessionProgress) before; no more than that is written.
 * INVALID_ARGUMENT: the size cannot be right. Cancel, suspend and resume the task itself (Apple lets NSProgress do
 * it).
 */
UrlSessionStatus url_session_task_progress(const UrlSessionTask *task, UrlSessionProgress *progress);

/**
 * Takes one more reference, to answer after the slot has returned; NULL where it is not a living handle.
 */
UrlSessionResponseCompletion *url_session_response_completion_retain(UrlSessionResponseCompletion *completion);

/**
 * Gives one reference back; NULL does nothing. With the last one an unanswered question gets its default, ALLOW.
 */
void url_session_response_completion_release(UrlSessionResponseCompletion *completion);

/**
 * Answers. The first answer wins, a second returns ALREADY_ANSWERED; one that comes after the task has ended is
 * harmless. INVALID_ARGUMENT for an unknown disposition: the question stays open. Any thread, any time.
 */
UrlSessionStatus url_session_response_completion_answer(UrlSessionResponseCompletion *completion,
                                                        UrlSessionResponseDisposition disposition);

/**
 * Takes one more reference, to answer after the slot has returned; NULL where it is not a living handle.
 */
UrlSessionRedirectionCompletion *url_session_redirection_completion_retain(UrlSessionRedirectionCompletion *completion);

/**
 * Gives one reference back; NULL does nothing. With the last one an unanswered question gets its default: the redirect
 * is followed.
 */
void url_session_redirection_completion_release(UrlSessionRedirectionCompletion *completion);

/**
 * Answers with the request to go on with, which is copied: the one of the slot, perhaps changed, or any other, to
 * which the library's default fields are added, but not those of the session's configuration; the timeouts stay those
 * of the task's own request. NULL: the task stays with the 3xx, which is its response. The first
 * answer wins, a second returns ALREADY_ANSWERED; one that comes after the task has ended is harmless. Any thread, any
 * time.
 */
UrlSessionStatus url_session_redirection_completion_answer(UrlSessionRedirectionCompletion *completion,
                                                           const UrlSessionRequest *request);

/**
 * Takes one more reference, to answer after the slot has returned; NULL where it is not a living handle.
 */
UrlSessionBodyStreamCompletion *url_session_body_stream_completion_retain(UrlSessionBodyStreamCompletion *completion);

/**
 * Gives one reference back; NULL does nothing. With the last one an unanswered question gets its default, no stream.
 */
void url_session_body_stream_completion_release(UrlSessionBodyStreamCompletion *completion);

/**
 * Answers with a stream that stands at the asked offset, which the task retains; NULL ends the task with
 * REQUEST_BODY_STREAM_EXHAUSTED. The first answer wins, a second returns ALREADY_ANSWERED; one that comes after the
 * task has ended is harmless. Any thread, any time.
 */
UrlSessionStatus url_session_body_stream_completion_answer(UrlSessionBodyStreamCompletion *completion,
                                                           UrlSessionBodyStream *stream);

/**
 * A session, in `*session`; one reference is yours. NULL as configuration means the default one, NULL as delegate
 * the library's own behaviour throughout: then results reach you through completion handlers only. Both are copied.
 * When you release the last reference without having invalidated the session, its tasks finish and it invalidates
 * itself. OUT_OF_RESOURCES: no thread for the network. INVALID_ARGUMENT: the delegate's size cannot be right.
 */
UrlSessionStatus url_session_new(const UrlSessionConfiguration *configuration,
                                 const UrlSessionDelegate *delegate,
                                 UrlSession **session);

/**
 * The session of the process, made when first asked for: default configuration, no delegate, cannot be invalidated
 * (Apple: URLSession.shared). Lent for as long as the process lives; NULL where the system gave no thread.
 */
UrlSession *url_session_shared(void);

/**
 * Takes one more reference; gives back `session`, or NULL where it is not a living handle.
 */
UrlSession *url_session_retain(UrlSession *session);

/**
 * Gives one reference back; NULL does nothing. With the last one a session that was not invalidated does what
 * url_session_finish_tasks_and_invalidate does, and tasks that nobody can resume any more are cancelled.
 */
void url_session_release(UrlSession *session);

/**
 * A copy of the configuration the session was made with; one reference is yours. NULL for NULL.
 */
UrlSessionConfiguration *url_session_copy_configuration(const UrlSession *session);

/**
 * A text of yours, for logs and debuggers (Apple: sessionDescription); copied. NULL takes it away.
 */
UrlSessionStatus url_session_set_description(UrlSession *session, const char *description);

/**
 * The text above; one reference is yours. NULL where there is none.
 */
UrlSessionData *url_session_copy_description(const UrlSession *session);

/**
 * Lists the tasks of the session, later and where its slots are called (Apple: getAllTasksWithCompletionHandler:).
 * Also answers, with none, once the session is invalid.
 */
UrlSessionStatus url_session_get_all_tasks(UrlSession *session, UrlSessionAllTasksHandler handler, void *context);

/**
 * No new tasks; those there are go on to their end, then the session becomes invalid. A suspended task keeps it
 * waiting until it is resumed or cancelled. Returns at once; again, or for the shared session: does nothing.
 */
UrlSessionStatus url_session_finish_tasks_and_invalidate(UrlSession *session);

/**
 * No new tasks; those there are are cancelled, each is told so, then the session becomes invalid. Returns at once;
 * also after url_session_finish_tasks_and_invalidate; for the shared session: does nothing.
 */
UrlSessionStatus url_session_invalidate_and_cancel(UrlSession *session);

/**
 * A data task that gets `url`, in `*task`; suspended until url_session_task_resume; one reference is yours, and a
 * resumed task runs to its end also without it. A broken URL fails the task, not this call. SESSION_INVALIDATED:
 * nothing was made.
 */
UrlSessionStatus url_session_data_task_with_url(UrlSession *session, const char *url, UrlSessionTask **task);

/**
 * The same for a whole request, which is copied.
 */
UrlSessionStatus url_session_data_task_with_request(UrlSession *session,
                                                    const UrlSessionRequest *request,
                                                    UrlSessionTask **task);

/**
 * A data task whose outcome goes to `handler`, exactly once, where the session's slots are called. The handler
 * stands in for the response, data and complete slots; all other slots are still called. If this function does not
 * return OK the handler is never called.
 */
UrlSessionStatus url_session_data_task_with_url_completion_handler(UrlSession *session,
                                                                   const char *url,
                                                                   UrlSessionDataTaskCompletionHandler handler,
                                                                   void *context,
                                                                   UrlSessionTask **task);

/**
 * The same for a whole request, which is copied.
 */
UrlSessionStatus url_session_data_task_with_request_completion_handler(UrlSession *session,
                                                                       const UrlSessionRequest *request,
                                                                       UrlSessionDataTaskCompletionHandler handler,
                                                                       void *context,
                                                                       UrlSessionTask **task);

/**
 * An upload task that sends bytes, which are copied, in `*task`; suspended until url_session_task_resume; one
 * reference is yours (Apple: uploadTaskWithRequest:fromData:). The request's own body is ignored, and its method is
 * sent as it is: set POST or PUT. What the server answers comes as for a data task. SESSION_INVALIDATED: nothing was
 * made.
 */
UrlSessionStatus url_session_upload_task_with_request_from_data(UrlSession *session,
                                                                const UrlSessionRequest *request,
                                                                const uint8_t *body,
                                                                size_t length,
                                                                UrlSessionTask **task);

/**
 * The same for a file, streamed from the disk with its length as Content-Length (Apple:
 * uploadTaskWithRequest:fromFile:). It is opened when the task runs: one that is missing fails the task with
 * FILE_DOES_NOT_EXIST, not this call.
 */
UrlSessionStatus url_session_upload_task_with_request_from_file(UrlSession *session,
                                                                const UrlSessionRequest *request,
                                                                const char *path,
                                                                UrlSessionTask **task);

/**
 * The same for a stream, which task_need_new_body_stream gives when the task runs (Apple:
 * uploadTaskWithStreamedRequest:). It goes out with its length, or with the request's Content-Length, or chunked.
 */
UrlSessionStatus url_session_upload_task_with_streamed_request(UrlSession *session,
                                                               const UrlSessionRequest *request,
                                                               UrlSessionTask **task);

/**
 * An upload of bytes whose outcome goes to `handler`, exactly once, where the session's slots are called; otherwise as
 * url_session_data_task_with_url_completion_handler. Send progress is told all the same.
 */
UrlSessionStatus url_session_upload_task_with_request_from_data_completion_handler(UrlSession *session,
                                                                                   const UrlSessionRequest *request,
                                                                                   const uint8_t *body,
                                                                                   size_t length,
                                                                                   UrlSessionDataTaskCompletionHandler handler,
                                                                                   void *context,
                                                                                   UrlSessionTask **task);

/**
 * The same for a file.
 */
UrlSessionStatus url_session_upload_task_with_request_from_file_completion_handler(UrlSession *session,
                                                                                   const UrlSessionRequest *request,
                                                                                   const char *path,
                                                                                   UrlSessionDataTaskCompletionHandler handler,
                                                                                   void *context,
                                                                                   UrlSessionTask **task);

/**
 * A download task that gets `url` into a file, in `*task`; suspended until url_session_task_resume; one reference is
 * yours (Apple: downloadTaskWithURL:). The bytes go to a temporary file beside the delegate, which is told how many
 * and gets the whole file. It asks for the body uncompressed, unless the request says otherwise: only so can it go on
 * where it stopped. SESSION_INVALIDATED: nothing was made.
 */
UrlSessionStatus url_session_download_task_with_url(UrlSession *session, const char *url, UrlSessionTask **task);

/**
 * The same for a whole request, which is copied.
 */
UrlSessionStatus url_session_download_task_with_request(UrlSession *session,
                                                        const UrlSessionRequest *request,
                                                        UrlSessionTask **task);

/**
 * A download that goes on where another stopped, in this process or another one (Apple: downloadTaskWithResumeData:).
 * The bytes are copied. Of the first request they keep the URL with its query, but without user and password, and the
 * fields Accept, Accept-Language and User-Agent; other fields and limits are gone: give them with
 * url_session_download_task_with_resume_data_request. The server is asked for the rest, on condition that it is still
 * the same version (RFC 9110, 13.1.5); where it is not, or the temporary file is not as it was left, the download
 * starts over. INVALID_ARGUMENT: these are not resume data of this library, or not whole.
 */
UrlSessionStatus url_session_download_task_with_resume_data(UrlSession *session,
                                                            const uint8_t *resume_data,
                                                            size_t length,
                                                            UrlSessionTask **task);

/**
 * The same with a request of yours in place of the one in the resume data: with fields that are not kept there, such
 * as Authorization, or with a fresh query in place of an expired signature. INVALID_ARGUMENT also where its scheme,
 * host, port or path is another, or its method is not GET.
 */
UrlSessionStatus url_session_download_task_with_resume_data_request(UrlSession *session,
                                                                    const uint8_t *resume_data,
                                                                    size_t length,
                                                                    const UrlSessionRequest *request,
                                                                    UrlSessionTask **task);

/**
 * A download whose outcome goes to `handler`, exactly once, where the session's slots are called. The handler stands
 * in for the write progress, finished and complete slots; all other slots are still called. If this function
 * does not return OK the handler is never called.
 */
UrlSessionStatus url_session_download_task_with_url_completion_handler(UrlSession *session,
                                                                       const char *url,
                                                                       UrlSessionDownloadTaskCompletionHandler handler,
                                                                       void *context,
                                                                       UrlSessionTask **task);

/**
 * The same for a whole request, which is copied.
 */
UrlSessionStatus url_session_download_task_with_request_completion_handler(UrlSession *session,
                                                                           const UrlSessionRequest *request,
                                                                           UrlSessionDownloadTaskCompletionHandler handler,
                                                                           void *context,
                                                                           UrlSessionTask **task);

/**
 * The same from resume data, which are copied.
 */
UrlSessionStatus url_session_download_task_with_resume_data_completion_handler(UrlSession *session,
                                                                               const uint8_t *resume_data,
                                                                               size_t length,
                                                                               UrlSessionDownloadTaskCompletionHandler handler,
                                                                               void *context,
                                                                               UrlSessionTask **task);

/**
 * A download that goes on, with a request of yours, and whose outcome goes to `handler`.
 */
UrlSessionStatus url_session_download_task_with_resume_data_request_completion_handler(UrlSession *session,
                                                                                       const uint8_t *resume_data,
                                                                                       size_t length,
                                                                                       const UrlSessionRequest *request,
                                                                                       UrlSessionDownloadTaskCompletionHandler handler,
                                                                                       void *context,
                                                                                       UrlSessionTask **task);

/**
 * Removes the temporary file that resume data belong to, where nobody goes on with them: in the download directory of
 * `session`, and only if it is as it was left and no task has it. What is not there is as good as removed.
 * INVALID_ARGUMENT: these are not resume data of this library, or not whole.
 */
UrlSessionStatus url_session_discard_resume_data(UrlSession *session, const uint8_t *resume_data, size_t length);

/**
 * Where the finished file goes by itself, in place of what may be there; copied. Then the file that the finished slot
 * or the handler gets is that one, readable by its owner alone, and stays; it cannot be moved again. A download that
 * fails puts nothing there. A relative path counts from the working directory. NULL, the default: nowhere. The
 * directory is looked for when the task begins: CANNOT_MOVE_FILE where it is not there. INVALID_STATE once the task
 * was resumed or cancelled, and for what is no download task: what becomes one is moved in its finished slot.
 */
UrlSessionStatus url_session_task_set_download_destination(UrlSessionTask *task, const char *path);

/**
 * Pauses a download for good: ends it with CANCELLED, and gives what a new task can go on from (Apple:
 * cancelByProducingResumeData:). `handler` is called once, where the session's slots are called; before complete,
 * whose error has the same bytes, unless the task has come to its end already. Asked again before complete, each
 * handler gets the same. It gets NULL where the download cannot go on: no byte is here yet, the status is not 200, the
 * server gave neither a strong ETag nor a Last-Modified that is at least a second older than the answer, or refuses
 * parts, the body is compressed, the method is not GET; also where the task is no download, was cancelled or has
 * completed before, or completes after all because the last byte was here already. The temporary file is kept: it
 * belongs to the resume data from here on, and goes with url_session_discard_resume_data. If this function does not
 * return OK the handler is never called.
 */
UrlSessionStatus url_session_task_cancel_by_producing_resume_data(UrlSessionTask *task,
                                                                  UrlSessionResumeDataHandler handler,
                                                                  void *context);

/**
 * Takes one more reference; gives back `task`, or NULL where it is not a living handle.
 */
UrlSessionTask *url_session_task_retain(UrlSessionTask *task);

/**
 * Gives one reference back; NULL does nothing. A resumed task goes on to its end without it.
 */
void url_session_task_release(UrlSessionTask *task);

/**
 * Undoes one suspension; a task begins with one and runs at none. On a task that runs, was cancelled or has
 * completed: does nothing. Returns at once; no slot is called inside it.
 */
UrlSessionStatus url_session_task_resume(UrlSessionTask *task);

/**
 * One suspension more: while there is any, nothing is sent or read and no timer runs. The task keeps a connection that
 * it has, and is passed over where it waits for one. If the server hangs up meanwhile, a download that could be
 * resumed goes on from where it stands over a new connection, without a word; any other task fails with
 * NETWORK_CONNECTION_LOST. Messages that are under way may still come. On a task that was cancelled or has completed:
 * does nothing.
 */
UrlSessionStatus url_session_task_suspend(UrlSessionTask *task);

/**
 * Ends the task with CANCELLED, also one that was never resumed. Returns at once; complete comes later, and messages
 * that are under way may come between. Of a download, what came is removed, also where the task was made from resume
 * data, which then start over; one that was never resumed leaves the file of its resume data alone. On a task that has
 * completed, or again: does nothing.
 */
UrlSessionStatus url_session_task_cancel(UrlSessionTask *task);

/**
 * The number of the task in its session: 1 for the first, never used again. 0 for NULL.
 */
uint64_t url_session_task_identifier(const UrlSessionTask *task);

/**
 * Where the task stands; COMPLETED for NULL and for a released handle.
 */
UrlSessionTaskState url_session_task_state(const UrlSessionTask *task);

/**
 * What the task is for; DATA for NULL.
 */
UrlSessionTaskKind url_session_task_kind(const UrlSessionTask *task);

/**
 * A hint from 0.0 to 1.0, 0.5 at first (Apple: priority; low is 0.25, high 0.75): the higher of two tasks that wait
 * for a connection gets it first. INVALID_ARGUMENT outside that range, and for NaN.
 */
UrlSessionStatus url_session_task_set_priority(UrlSessionTask *task, float priority);

/**
 * The hint above; 0 for NULL.
 */
float url_session_task_priority(const UrlSessionTask *task);

/**
 * A text of yours (Apple: taskDescription); copied. NULL takes it away.
 */
UrlSessionStatus url_session_task_set_description(UrlSessionTask *task, const char *description);

/**
 * The text above; one reference is yours. NULL where there is none.
 */
UrlSessionData *url_session_task_copy_description(const UrlSessionTask *task);

/**
 * The request the task was made with; one reference, to a copy, is yours. NULL for NULL.
 */
UrlSessionRequest *url_session_task_copy_original_request(const UrlSessionTask *task);

/**
 * The request as it stands: after redirects, and with the header fields that the session added once the task runs.
 * One reference, to a copy, is yours. NULL for NULL.
 */
UrlSessionRequest *url_session_task_copy_current_request(const UrlSessionTask *task);

/**
 * The last response; one reference is yours. NULL before its head is here.
 */
UrlSessionResponse *url_session_task_copy_response(const UrlSessionTask *task);

/**
 * How many redirects the task has followed. 0 for NULL.
 */
size_t url_session_task_redirect_count(const UrlSessionTask *task);

/**
 * A response that sent the task on, 0 for the first (Python's requests: history); one reference is yours. NULL past
 * the last.
 */
UrlSessionResponse *url_session_task_copy_redirect_response(const UrlSessionTask *task, size_t index);

/**
 * The request that the response asks for and the task did not make, because redirects are off or at their limit, or
 * the slot was answered with NULL (Python's requests: next); one reference, to a copy, is yours. NULL where the
 * response leads nowhere, or nowhere that could be gone to.
 */
UrlSessionRequest *url_session_task_copy_next_request(const UrlSessionTask *task);

/**
 * Why the task failed; one reference is yours. NULL where it did not, or has not completed.
 */
UrlSessionError *url_session_task_copy_error(const UrlSessionTask *task);

/**
 * Bytes of the request's body sent so far; from 0 again when it is sent again. 0 for NULL.
 */
int64_t url_session_task_count_of_bytes_sent(const UrlSessionTask *task);

/**
 * Bytes of the response's body received so far, as they came: still compressed; with those that a download made from
 * resume data had already. 0 for NULL.
 */
int64_t url_session_task_count_of_bytes_received(const UrlSessionTask *task);

/**
 * Bytes of the response's body so far once decoded; not Apple's. The same as received without a content coding.
 */
int64_t url_session_task_count_of_bytes_decoded(const UrlSessionTask *task);

/**
 * Length of the request's body; -1 where it is not known. 0 for NULL.
 */
int64_t url_session_task_count_of_bytes_expected_to_send(const UrlSessionTask *task);

/**
 * Length of the response's body as it comes, its Content-Length; -1 where it is not known. 0 for NULL.
 */
int64_t url_session_task_count_of_bytes_expected_to_receive(const UrlSessionTask *task);

/**
 * A delegate of the task's own, asked before the session's: slot by slot, what it leaves NULL goes to the session's
 * (Apple: URLSessionTask.delegate). Copied; NULL takes it away. Its `release` is called once for each time it was
 * given: after the task's complete slot has returned, or when another takes its place. INVALID_STATE once the task
 * was resumed or cancelled.
 */
UrlSessionStatus url_session_task_set_delegate(UrlSessionTask *task, const UrlSessionDelegate *delegate);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* URLSESSION_H */
