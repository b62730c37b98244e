package clients

import (
	"path/filepath"
	"strings"
	"testing"
)

const guarded = `
openapi: 3.1.0
info: {title: Guarded, version: "1"}
security: [{HTTPBearer: []}]
paths:
  /root: {get: {operationId: root, responses: {"204": {description: ok}}}}
  /open: {get: {operationId: open, security: [], responses: {"204": {description: ok}}}}
  /basic: {get: {operationId: basic, security: [{HTTPBasic: []}], responses: {"204": {description: ok}}}}
  /either: {get: {operationId: either, security: [{OAuth2PasswordBearer: [read]}, {}, {APIKeyQuery: []}], responses: {"204": {description: ok}}}}
  /both: {get: {operationId: both, security: [{APIKeyHeader: [], api-cookie: []}, {HTTPBasic: []}], responses: {"204": {description: ok}}}}
  /connect: {get: {operationId: connect, security: [{headers: []}], parameters: [{name: q, in: query, schema: {type: string}}], responses: {"204": {description: ok}}}}
  /other: {get: {operationId: other, security: [{mutual: []}, {missing: []}], responses: {"204": {description: ok}}}}
components:
  securitySchemes:
    HTTPBearer: {type: http, scheme: Bearer, description: "From the login"}
    HTTPBasic: {type: http, scheme: basic}
    OAuth2PasswordBearer: {type: oauth2, flows: {password: {tokenUrl: token, scopes: {}}}}
    APIKeyQuery: {type: apiKey, in: query, name: "api key"}
    APIKeyHeader: {type: apiKey, in: header, name: X-Key}
    api-cookie: {type: apiKey, in: cookie, name: sid}
    headers: {type: openIdConnect, openIdConnectUrl: "https://x/y"}
    mutual: {type: mutualTLS}
    unused: {type: apiKey, in: header, name: X-Unused}
`

func TestPythonAuthentication(t *testing.T) {
	t.Parallel()
	d := parse(t, guarded)
	useClient(t, d, "guarded", useGuarded)
	if _, omitted := d.View(pythonReads); len(omitted) != 1 || omitted[0].Keyword != "type" || omitted[0].Pointer != "#/components/securitySchemes/mutual" {
		t.Errorf("left out: %v", omitted)
	}
}

const useGuarded = `import asyncio
import inspect
from typing import List

import httpx

from guarded_client import ApiError, GuardedClient

seen: List[httpx.Request] = []


def answer(request: httpx.Request) -> httpx.Response:
    seen.append(request)
    return httpx.Response(500 if "fail" in str(request.url) else 204)


async def main() -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    tokens = iter(["t1", "t2"])
    guarded = GuardedClient(client=http, http_bearer=lambda: next(tokens), http_basic=("u", "p:w"), api_key_query="k&1", api_cookie="c 1", headers_="oidc")
    await guarded.root()
    assert seen[-1].headers["authorization"] == "Bearer t1"
    await guarded.root()
    assert seen[-1].headers["authorization"] == "Bearer t2"
    await guarded.open()
    assert "authorization" not in seen[-1].headers and not seen[-1].url.query and "cookie" not in seen[-1].headers
    await guarded.basic()
    assert seen[-1].headers["authorization"] == "Basic dTpwOnc="
    await guarded.either()
    assert "authorization" not in seen[-1].headers and seen[-1].url.params["api key"] == "k&1"
    await guarded.both()
    assert seen[-1].headers["authorization"] == "Basic dTpwOnc=" and "x-key" not in seen[-1].headers and "cookie" not in seen[-1].headers
    await guarded.connect()
    assert seen[-1].headers["authorization"] == "Bearer oidc"
    await guarded.other()
    assert "authorization" not in seen[-1].headers

    guarded = GuardedClient("http://h/fail", client=http, api_key_header="h", api_cookie="c 1", api_key_query="secret")
    try:
        await guarded.both()
    except ApiError:
        pass
    assert seen[-1].headers["x-key"] == "h" and seen[-1].headers["cookie"] == "sid=c%201"
    try:
        await guarded.either()
    except ApiError as error:
        assert "secret" not in str(error) and "http://h/fail/either" in str(error), error
    await GuardedClient(client=http, headers={"Authorization": "own"}).root()
    assert seen[-1].headers["authorization"] == "own"
    assert "unused" not in str(inspect.signature(GuardedClient))


asyncio.run(main())
print("ok")
`

// The generator's own clients take the secrets, too: whoever sets auth.
func TestTypeScriptAuthentication(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	write(t, filepath.Join(cfg.Specs.Dir, "guarded", "openapi.yaml"), guarded)
	if _, err := Generate(t.Context(), cfg, Options{Only: []Kind{REST}}); err != nil {
		t.Fatal(err)
	}
	src := filepath.Dir(cfg.Specs.TypeScript[0].Dir)
	write(t, filepath.Join(src, "use.ts"), useGuardedTS)
	tsc(t, filepath.Dir(src), true)
	sdk := read(t, filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-guarded", "sdk.gen.ts"))
	for _, asks := range []string{"scheme: 'bearer'", "scheme: 'basic'", "name: 'X-Key'", "in: 'query'", "in: 'cookie'"} {
		if !strings.Contains(sdk, asks) {
			t.Errorf("no operation asks for %s", asks)
		}
	}
}

const useGuardedTS = `import { client } from './clients/trader-client-guarded/client.gen';
client.setConfig({ auth: (scheme) => (scheme.scheme === 'basic' ? 'u:p' : 'token') });
`
