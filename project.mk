# The old targets, each handed on to muster, which is built here when a source is
# newer. Use: make -f project.mk TARGET (templates/muster.mk tells of the variables)

# The folder of this file. Make's own functions know no blanks in a path, and
# MAKEFILE_LIST ends with this file: its longest end that is a file.
muster-quote = '$(subst ','\'',$1)'
muster-hash := \#
muster-root := $(shell f=$(call muster-quote,$(MAKEFILE_LIST)); \
  while ! test -f "$$f" && test "$$f" != "$${f$(muster-hash)* }"; do f="$${f$(muster-hash)* }"; done; cd "$$(dirname "$$f")" && pwd)
muster-none :=
MUSTER := .local/bin/muster
CGO_ENABLED := 0

include $(subst $(muster-none) ,\ ,$(muster-root))/templates/muster.mk

.PHONY: binary test-all lint-all
$(muster-targets) test-all lint-all: binary

# One static binary, built when a source is newer: a target then costs
# milliseconds, not a compile. Mage writes a file beside the magefile while it
# compiles: in a folder of its own, two builds at one moment do not meet. The
# binary is renamed into place, for it may be running.
binary:
	@$(muster-cd) if ! test -e $(call muster-quote,$(MUSTER)) || find go.mod go.sum magefiles internal templates -type f \
	  ! -name '*_test.go' ! -path '*/testdata/*' -newer $(call muster-quote,$(MUSTER)) | grep -q .; then \
	  mkdir -p -m 700 .local && build=$$(mktemp -d .local/build-XXXXXX) && trap 'rm -rf "$$build"' EXIT && \
	  cp magefiles/magefile.go "$$build" && mkdir -p "$$(dirname $(call muster-quote,$(MUSTER)))" && \
	  stamp=$$(git log -1 --format=%H,%cI, 2>/dev/null && git status --porcelain 2>/dev/null | sed -n '1s/.*/modified/p'); \
	  CGO_ENABLED=$(CGO_ENABLED) go tool mage -d "$$build" -w . -ldflags "-s -w -X muster/internal/version.stamp=$$(echo $$stamp | tr -d ' ')" -compile "$$PWD/$$build/muster" && \
	  mv "$$build/muster" $(call muster-quote,$(MUSTER)); fi

test-all:                       ; $(muster-run) check:test
lint-all:                       ; $(muster-run) check:lint
