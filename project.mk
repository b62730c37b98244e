# The old targets, each handed on to muster. Use: make -f project.mk TARGET
#
#   config=FILE         another configuration than dev-config.yaml
#   output=FILE         where backend-manager-gen-nginx-conf writes
#                       (both from the folder in which make was called)
#   BACKEND_PORT=8000   port of the single-process backend
#   FRONTEND_PORT=5173  port of the frontend

# A word as a shell takes it, whatever is in it.
quote = '$(subst ','\'',$1)'

# The folder of this file. Make's own functions know no blanks in a path, and
# MAKEFILE_LIST ends with this file: its longest end that is a file.
hash := \#
ROOT := $(shell f=$(call quote,$(MAKEFILE_LIST)); \
  while ! test -f "$$f" && test "$$f" != "$${f$(hash)* }"; do f="$${f$(hash)* }"; done; cd "$$(dirname "$$f")" && pwd)
MUSTER := .local/bin/muster
CGO_ENABLED := 0

# A path as it is from where make was called, which a shell still has to take.
from = $(if $(filter /% -,$(firstword $1)),,$(call quote,$(CURDIR))/)$(call quote,$1)
CONFIG := $(if $(config),-config=$(call from,$(config)))
OUTPUT := $(if $(output),-output=$(call from,$(output)))
CD      = cd $(call quote,$(ROOT)) &&
RUN     = @$(CD) $(if $(MUSTER_CONFIG),MUSTER_CONFIG=$(call from,$(MUSTER_CONFIG)) )$(if $(BACKEND_PORT),BACKEND_PORT=$(BACKEND_PORT) )$(if $(FRONTEND_PORT),FRONTEND_PORT=$(FRONTEND_PORT) )$(call quote,$(MUSTER))

.DEFAULT_GOAL := help
TARGETS := help install setup install-nginx check-nginx verify-nginx \
  backend-manager-start backend-manager-stop backend-manager-status backend-manager-restart \
  backend-manager-gen-nginx-conf run-multi logs-tail logs-tail-nginx logs-clean health kill-dev \
  dev-backend dev-frontend dev-fullstack dev-fullstack-multi watch-specs-frontend watch-specs-python \
  generate-clients generate-python-clients generate-openapi-client generate-asyncapi-types \
  export-openapi-spec export-asyncapi-spec test-all lint-all clean-generated clean-all
.PHONY: $(TARGETS) binary
$(TARGETS): binary

# One static binary, built when a source is newer: a target then costs
# milliseconds, not a compile. Mage writes a file beside the magefile while it
# compiles: in a folder of its own, two builds at one moment do not meet. The
# binary is renamed into place, for it may be running.
binary:
	@$(CD) if ! test -e $(call quote,$(MUSTER)) || find go.mod go.sum magefiles internal templates -type f \
	  ! -name '*_test.go' ! -path '*/testdata/*' -newer $(call quote,$(MUSTER)) | grep -q .; then \
	  mkdir -p .local && build=$$(mktemp -d .local/build-XXXXXX) && trap 'rm -rf "$$build"' EXIT && \
	  cp magefiles/magefile.go "$$build" && mkdir -p "$$(dirname $(call quote,$(MUSTER)))" && \
	  CGO_ENABLED=$(CGO_ENABLED) go tool mage -d "$$build" -w . -ldflags '-s -w' -compile "$$PWD/$$build/muster" && \
	  mv "$$build/muster" $(call quote,$(MUSTER)); fi

help:                           ; $(RUN) -l
install setup:                  ; $(RUN) dev:setup $(CONFIG)
install-nginx:                  ; $(RUN) nginx:install $(CONFIG)
check-nginx:                    ; $(RUN) nginx:check $(CONFIG)
verify-nginx:                   ; $(RUN) nginx:verify $(CONFIG)
backend-manager-start:          ; $(RUN) backend:start $(CONFIG)
backend-manager-stop:           ; $(RUN) backend:stop $(CONFIG)
backend-manager-status:         ; $(RUN) backend:status $(CONFIG)
backend-manager-restart:        ; $(RUN) backend:restart $(CONFIG)
backend-manager-gen-nginx-conf: ; $(RUN) nginx:gen -validate $(CONFIG) $(OUTPUT)
run-multi:                      ; $(RUN) backend:start -foreground $(CONFIG)
logs-tail:                      ; $(RUN) logs:tail $(CONFIG)
logs-tail-nginx:                ; $(RUN) logs:tailNginx $(CONFIG)
logs-clean:                     ; $(RUN) logs:clean $(CONFIG)
health:                         ; $(RUN) backend:status $(CONFIG)
kill-dev:                       ; $(RUN) dev:kill $(CONFIG)
dev-backend:                    ; $(RUN) dev:backend $(CONFIG)
dev-frontend:                   ; $(RUN) dev:frontend $(CONFIG)
dev-fullstack:                  ; $(RUN) dev:fullstack $(CONFIG)
dev-fullstack-multi:            ; $(RUN) dev:fullstack -multi $(CONFIG)
watch-specs-frontend:           ; $(RUN) specs:watchFrontend $(CONFIG)
watch-specs-python:             ; $(RUN) specs:watchPython $(CONFIG)
generate-clients:               ; $(RUN) specs:generate $(CONFIG)
generate-python-clients:        ; $(RUN) specs:generate -only=python $(CONFIG)
generate-openapi-client:        ; $(RUN) specs:generate -only=rest $(CONFIG)
generate-asyncapi-types:        ; $(RUN) specs:generate -only=ws $(CONFIG)
export-openapi-spec:            ; $(RUN) specs:export -only=openapi $(CONFIG)
export-asyncapi-spec:           ; $(RUN) specs:export -only=asyncapi $(CONFIG)
test-all:                       ; $(RUN) check:test
lint-all:                       ; $(RUN) check:lint
clean-generated:                ; $(RUN) clean:generated $(CONFIG)
clean-all:                      ; $(RUN) clean:all $(CONFIG)
