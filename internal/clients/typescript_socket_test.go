package clients

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster/internal/apidoc"
)

// What stands beside an object, what addresses take, and the shapes of well-known
// services' documents.
func TestWebSocketClientsOfEveryShape(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	copyTree(t, "testdata/sockets", cfg.Specs.Dir)
	r, err := Generate(t.Context(), cfg, Options{Only: []Kind{WebSocket}})
	if err != nil {
		t.Fatal(err)
	}
	var omitted []string
	for _, line := range r.Omitted {
		omitted = append(omitted, strings.TrimPrefix(strings.Replace(line, "/asyncapi.yaml: not in the WebSocket client", "", 1), "specs/"))
	}
	if want := []string{
		"exchange: servers (#)",
		"lights: headers (#/components/messages/turn)",
		"lights: kafka (#/channels/measured/bindings)",
		"lights: mqtt (#/channels/measured/bindings)",
		"lights: traits (#/components/messages/measured, and 1 more)",
		"market: servers (#)",
	}; !slices.Equal(slices.DeleteFunc(slices.Clone(omitted), func(s string) bool { return slices.Contains(want, s) }), nil) {
		t.Errorf("left out is\n%s", strings.Join(omitted, "\n"))
	}
	write(t, filepath.Join(cfg.Page().Dir, "src", "use.ts"), useSockets)
	tsc(t, cfg.Page().Dir, false)
	refuses(t, cfg.Page().Dir, map[string]string{
		"no parameter":                "import { MarketSocket } from './clients/ws-types-market'; new MarketSocket();",
		"another value":               "import { MarketSocket } from './clients/ws-types-market'; new MarketSocket({ parameters: { symbol: 'dogecoin' } });",
		"a query of another type":     "import { MarketSocket } from './clients/ws-types-market'; new MarketSocket({ parameters: { symbol: 'btcusd' }, query: { heartbeat: 1 } });",
		"an object without its parts": "import type { Both } from './clients/ws-types-syntax'; export const x: Both = { id: 1 };",
		"a required part of another":  "import type { Needs } from './clients/ws-types-syntax'; export const x: Needs = {};",
	})
	os.Remove(filepath.Join(cfg.Page().Dir, "src", "use.ts"))
	loadAll(t, cfg.Page().Dir, `
const at = (module, name, options) => {
  let url = '';
  const socket = new all['clients/ws-types-' + module + '/client.js'][name]({ connect: (to) => { url = to; return { send() {}, close() {} }; }, ...options });
  socket.open();
  socket.close();
  return url;
};
const is = (got, want) => { if (got !== want) throw new Error(got + ' is not ' + want); };
const symbol = { parameters: { symbol: 'btc/usd ?' } };
is(at('market', 'MarketSocket', { url: 'https://h', ...symbol }), 'wss://h/v1/feed/btc%2Fusd%20%3F');
is(at('market', 'MarketSocket', { url: 'ws://h/', ...symbol, query: { heartbeat: true, depth: undefined, fields: ['bids', 'a&b'] } }),
  'ws://h/v1/feed/btc%2Fusd%20%3F?heartbeat=true&fields=bids&fields=a%26b');
is(at('market', 'MarketSocket', { url: 'ws://h/own/{symbol}?x=1', ...symbol, query: { depth: 2 } }), 'ws://h/own/btc%2Fusd%20%3F?x=1&depth=2');
is(at('lights', 'LightsTurnOnSocket', { url: 'ws://h/', parameters: { streetId: '7' } }), 'ws://hlights.1.0.action.7.left.turn.on');
is(at('lights', 'LightsTurnOnSocket', { url: 'ws://h/', parameters: { streetId: '7', lamp: 'right' } }), 'ws://hlights.1.0.action.7.right.turn.on');
for (const bad of ['', '.', '..', undefined, null]) {
  try {
    at('market', 'MarketSocket', { url: 'ws://h', parameters: { symbol: bad } });
  } catch (error) {
    is(error.name, 'SocketError');
    continue;
  }
  throw new Error(bad + ' passes');
}
`)
}

const useSockets = `import { ExchangeSocket, type Status } from './clients/ws-types-exchange';
import { LightsTurnOnSocket } from './clients/ws-types-lights';
import { MarketSocket, type Event, type Update } from './clients/ws-types-market';
import { SyntaxAllSocket, SyntaxA_bSocket, type Both, type Either, type Json, type Nothing, type Pair, type Tree } from './clients/ws-types-syntax';

export const both: Both = { x: 1, id: 'a' };
export const either: Either[] = [{ p: 1 }, { id: 'a' }];
export const nothing: Nothing[] = [null, { z: 1 }];
export const json: Json = ['a', { b: ['c', { d: 'e' }] }];
export const tree: Tree = { a: { b: {} } };
export const pair: Pair = ['a', null, 1, 2];
export const status = (s: Status): string | number => ('channelID' in s ? s.channelID : s.message);
export const event: Event = { type: 'trade', price: 1 };
export const seq = (u: Update): number => u.seq;

const market = new MarketSocket({ parameters: { symbol: 'btcusd' }, query: { heartbeat: true, fields: ['bids'] } });
market.onMessage((m) => void m);
new LightsTurnOnSocket({ parameters: { streetId: 'a' } }).close();
new ExchangeSocket().send({ event: 'ping', reqid: 1 });
const all = new SyntaxAllSocket({ url: 'ws://h' });
all.send('text');
all.subscribe('n', { a: 'b' }, (data) => data?.map((n) => n.toFixed()));
new SyntaxA_bSocket().close();
`

// Each keyword that the table lacks is named, and what it says is gone: the
// table is what the generator goes by.
func TestAKeywordThatTheWebSocketClientDoesNotReadIsNamed(t *testing.T) {
	t.Parallel()
	text := func(files map[string][]byte) string { return string(files["types.ts"]) + string(files["client.ts"]) }
	checked := map[string]bool{"document defaultContentType": true, "operation operationId": true} // which no client needs
	for _, file := range []string{"asyncapi.yaml", "asyncapi2.yaml"} {
		d, err := apidoc.Load(filepath.Join("testdata", "keywords", file))
		if err != nil {
			t.Fatal(err)
		}
		whole, none, err := socketClient(d, "k", socketReads)
		if err != nil || len(none) > 0 {
			t.Fatalf("%s: %v, and left out is %v", file, err, none)
		}
		for _, kind := range slices.Sorted(maps.Keys(socketReads)) {
			for keyword, holds := range socketReads[kind] {
				less, omitted, err := socketClient(d, "k", socketReads.Without(kind, keyword))
				if err != nil {
					t.Errorf("%s of a %s: %v", keyword, kind, err)
				}
				if !slices.ContainsFunc(omitted, func(o apidoc.Omission) bool { return o.Keyword == keyword }) {
					continue // the other document has it
				}
				// What has to have one value is checked, not read; of a text, the format is.
				same := strings.HasPrefix(holds, "=") || slices.Contains([]string{"format", "contentMediaType", "contentEncoding"}, keyword)
				checked[kind+" "+keyword] = checked[kind+" "+keyword] || same || text(less) != text(whole)
			}
		}
	}
	for kind, keywords := range socketReads {
		for keyword := range keywords {
			if !checked[kind+" "+keyword] {
				t.Errorf("%s of a %s is not named, or changes nothing: it is not read", keyword, kind)
			}
		}
	}
}
