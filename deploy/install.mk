# Installing and packing. Part of the Makefile.

# Where `make install` puts things; DESTDIR goes in front of it, for packages.
PREFIX ?= /usr/local
DESTDIR ?=
INSTALL ?= install
BIN_DIR = $(DESTDIR)$(PREFIX)/bin
MAN_DIR = $(DESTDIR)$(PREFIX)/share/man/man1
BASH_DIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSH_DIR = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISH_DIR = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
BUILT = $(TARGET_DIR)/release/shopblast
# Manual pages and completions, as packages take them.
ASSETS_DIR = $(TARGET_DIR)/release/install

.PHONY: install uninstall install-assets built deb container

# Root often has no cargo: `make release`, then `sudo make install`.
built:
	@if command -v $(CARGO) >/dev/null; then $(CARGO) build --release --locked; \
	elif [ -x $(BUILT) ]; then echo "without cargo: $(BUILT) is installed as it is"; \
	else echo "cargo is missing, and $(BUILT) is not there: make release first" >&2; exit 1; fi

install-assets: built
	@rm -rf $(ASSETS_DIR)
	@mkdir -p $(ASSETS_DIR)
	$(BUILT) man --dir $(ASSETS_DIR)/man
	$(BUILT) completions bash > $(ASSETS_DIR)/shopblast.bash
	$(BUILT) completions zsh > $(ASSETS_DIR)/_shopblast
	$(BUILT) completions fish > $(ASSETS_DIR)/shopblast.fish

install: install-assets ## install program, manual pages and completions below PREFIX (/usr/local)
	$(INSTALL) -d $(BIN_DIR) $(MAN_DIR) $(BASH_DIR) $(ZSH_DIR) $(FISH_DIR)
	$(INSTALL) -m 755 $(BUILT) $(BIN_DIR)/shopblast
	$(INSTALL) -m 644 $(ASSETS_DIR)/man/*.1 $(MAN_DIR)
	$(INSTALL) -m 644 $(ASSETS_DIR)/shopblast.bash $(BASH_DIR)/shopblast
	$(INSTALL) -m 644 $(ASSETS_DIR)/_shopblast $(ZSH_DIR)/_shopblast
	$(INSTALL) -m 644 $(ASSETS_DIR)/shopblast.fish $(FISH_DIR)/shopblast.fish

uninstall: ## remove what make install put below PREFIX
	rm -f $(BIN_DIR)/shopblast $(MAN_DIR)/shopblast.1 $(MAN_DIR)/shopblast-*.1 \
	  $(BASH_DIR)/shopblast $(ZSH_DIR)/_shopblast $(FISH_DIR)/shopblast.fish

deb: ## make a Debian package (needs cargo-deb)
	@$(CARGO) deb --version >/dev/null 2>&1 || { \
	  echo "cargo-deb is missing: cargo install cargo-deb --locked" >&2; exit 1; }
	$(MAKE) install-assets
	$(CARGO) deb --locked --no-build

CONTAINER ?= docker
container: ## build the container image shopblast (deploy/README.md has how it is run)
	$(CONTAINER) build --file deploy/Containerfile --tag shopblast \
	  --build-arg SOURCE_COMMIT="$$(git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null)" .
