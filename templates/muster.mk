# The targets that teams are used to, each handed on to muster. A Makefile includes
# this file (include muster.mk), or it is called: make -f muster.mk TARGET
#
#   config=FILE         another configuration than dev-config.yaml
#   output=FILE         where backend-manager-gen-nginx-conf writes
#                       (both from the folder in which make was called)
#   MUSTER=FILE         the program, from this file's folder or on PATH
#   BACKEND_PORT=8000   port of the single-process backend
#   FRONTEND_PORT=5173  port of the frontend
#
# A target that has another meaning for you is defined behind the include.

MUSTER ?= .local/bin/muster

# A word as a shell takes it, whatever is in it.
muster-quote = '$(subst ','\'',$1)'

# The folder of this file. Make's own functions know no blanks in a path, and
# MAKEFILE_LIST ends with this file: its longest end that is a file.
ifneq ($(origin muster-root),file)
muster-hash := \#
muster-root := $(shell f=$(call muster-quote,$(MAKEFILE_LIST)); \
  while ! test -f "$$f" && test "$$f" != "$${f$(muster-hash)* }"; do f="$${f$(muster-hash)* }"; done; cd "$$(dirname "$$f")" && pwd)
endif

# A path as it is from where make was called, which a shell still has to take.
muster-from = $(if $(filter /% -,$(firstword $1)),,$(call muster-quote,$(CURDIR))/)$(call muster-quote,$1)
muster-config := $(if $(config),-config=$(call muster-from,$(config)))
muster-output := $(if $(output),-output=$(call muster-from,$(output)))
muster-cd      = cd $(call muster-quote,$(muster-root)) &&
muster-there   = { command -v $(call muster-quote,$(MUSTER)) >/dev/null || { echo "there is no "$(call muster-quote,$(MUSTER))" in "$(call muster-quote,$(muster-root))": put the program muster there, or name it with MUSTER=FILE" >&2; exit 2; }; } &&
muster-run     = @$(muster-cd) $(muster-there) MUSTER_CALLED=$(call muster-quote,$(muster-called)) $(if $(MUSTER_CONFIG),MUSTER_CONFIG=$(call muster-from,$(MUSTER_CONFIG)) )$(if $(BACKEND_PORT),BACKEND_PORT=$(BACKEND_PORT) )$(if $(FRONTEND_PORT),FRONTEND_PORT=$(FRONTEND_PORT) )$(call muster-quote,$(MUSTER))

# How make was called, for hints.
muster-called := make$(if $(filter-out Makefile makefile GNUmakefile,$(wildcard $(firstword $(MAKEFILE_LIST)))), -f $(firstword $(MAKEFILE_LIST)))$(if $(config), config=$(call muster-quote,$(config)))

muster-targets := help install setup install-nginx check-nginx verify-nginx \
  backend-manager-start backend-manager-stop backend-manager-status backend-manager-restart \
  backend-manager-gen-nginx-conf run-multi logs-tail logs-tail-nginx logs-clean health kill-dev \
  dev-backend dev-frontend dev-fullstack dev-fullstack-multi watch-specs-frontend watch-specs-python \
  generate-clients generate-python-clients generate-openapi-client generate-asyncapi-types \
  export-openapi-spec export-asyncapi-spec clean-generated clean-all
.PHONY: $(muster-targets)
ifeq ($(.DEFAULT_GOAL),)
.DEFAULT_GOAL := help
endif

help:                           ; $(muster-run) -l
install setup:                  ; $(muster-run) dev:setup $(muster-config)
install-nginx:                  ; $(muster-run) nginx:install $(muster-config)
check-nginx:                    ; $(muster-run) nginx:check $(muster-config)
verify-nginx:                   ; $(muster-run) nginx:verify $(muster-config)
backend-manager-start:          ; $(muster-run) backend:start $(muster-config)
backend-manager-stop:           ; $(muster-run) backend:stop $(muster-config)
backend-manager-status:         ; $(muster-run) backend:status $(muster-config)
backend-manager-restart:        ; $(muster-run) backend:restart $(muster-config)
backend-manager-gen-nginx-conf: ; $(muster-run) nginx:gen -validate $(muster-config) $(muster-output)
run-multi:                      ; $(muster-run) backend:start -foreground $(muster-config)
logs-tail:                      ; $(muster-run) logs:tail $(muster-config)
logs-tail-nginx:                ; $(muster-run) logs:tailNginx $(muster-config)
logs-clean:                     ; $(muster-run) logs:clean $(muster-config)
health:                         ; $(muster-run) backend:status $(muster-config)
kill-dev:                       ; $(muster-run) dev:kill $(muster-config)
dev-backend:                    ; $(muster-run) dev:backend $(muster-config)
dev-frontend:                   ; $(muster-run) dev:frontend $(muster-config)
dev-fullstack:                  ; $(muster-run) dev:fullstack $(muster-config)
dev-fullstack-multi:            ; $(muster-run) dev:fullstack -multi $(muster-config)
watch-specs-frontend:           ; $(muster-run) specs:watchFrontend $(muster-config)
watch-specs-python:             ; $(muster-run) specs:watchPython $(muster-config)
generate-clients:               ; $(muster-run) specs:generate $(muster-config)
generate-python-clients:        ; $(muster-run) specs:generate -only=python $(muster-config)
generate-openapi-client:        ; $(muster-run) specs:generate -only=rest $(muster-config)
generate-asyncapi-types:        ; $(muster-run) specs:generate -only=ws $(muster-config)
export-openapi-spec:            ; $(muster-run) specs:export -only=openapi $(muster-config)
export-asyncapi-spec:           ; $(muster-run) specs:export -only=asyncapi $(muster-config)
clean-generated:                ; $(muster-run) clean:generated $(muster-config)
clean-all:                      ; $(muster-run) clean:all $(muster-config)
