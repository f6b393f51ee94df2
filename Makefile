# Needs cargo, cc and make; nothing else.
CARGO = CARGO_TARGET_DIR=target cargo
CFLAGS = -O2 -g
WARNINGS = -std=c11 -Wall -Wextra -Wpedantic
RELEASE = target/release
C = target/c
ORIGIN = target/debug/examples/origin

library:
	$(CARGO) build --release
	@ln -sf liburlsession.so $(RELEASE)/liburlsession.so.$$(sed -n '/^version/s/.*"\(.*\)\..*"/\1/p' Cargo.toml)

# The C examples, linked as an application would be, but to the library where it was built.
examples: library
	@mkdir -p $(C)
	@for name in get delegate download_resume upload_stream login_cookies pinning client_certificate \
			lifecycle transfers; do \
		case $$name in lifecycle | transfers) transcript=examples/c/transcript.c ;; *) transcript= ;; esac; \
		$(CC) $(CFLAGS) $(WARNINGS) -Iinclude examples/c/$$name.c $$transcript -o $(C)/$$name \
			-L$(RELEASE) -Wl,-rpath,"$$PWD/$(RELEASE)" -lurlsession -pthread || exit 1; \
	done

# The life cycle first, then an example of each kind of trust. Over http and https of an embedded origin, which says what
# the words in braces are; or `make demo URL=https://...` over the real network. The origin is not run by cargo, which
# would have its program find the library of another build.
demo: examples
	@if [ -n "$(URL)" ]; then exec $(C)/lifecycle "$(URL)"; fi; \
	$(CARGO) build --example origin && \
	$(ORIGIN) sh -exc '\
		$(C)/lifecycle {http} {https} {folder}/authority.pem; \
		$(C)/transfers {http} {https} {folder}/authority.pem; \
		$(C)/login_cookies {folder}/cookies.txt "user=alice&password=secret" {http}; \
		$(C)/pinning {https}/hello - {folder}/authority.pem; \
		$(C)/client_certificate {identified}/hello {folder}/client.pem {folder}/client.key {folder}/authority.pem' 2>&1

# All but documentation tests, of which a C library's crate has none.
test:
	$(CARGO) test --lib --tests

header:
	touch cbindgen.toml
	URL_SESSION_WRITE_HEADER=1 $(CARGO) check

bench: library
	$(CARGO) bench --bench compare

clean:
	$(CARGO) clean

.PHONY: library examples demo test header bench clean
