package clients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/internal/apidoc"
	"muster/internal/apitest"
	"muster/internal/config"

	"github.com/coder/websocket"
)

func TestTypeScriptClientsPassTheStrictCompiler(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	copyTree(t, "testdata/kinds", filepath.Join(cfg.Specs.Dir, "kinds"))
	write(t, filepath.Join(cfg.Specs.Dir, "old", "asyncapi.yaml"), asyncAPI2)
	r, err := Generate(t.Context(), cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Ran != 3 || len(r.Written) < 10 {
		t.Errorf("ran %d, wrote %v", r.Ran, r.Written)
	}
	dir := cfg.Specs.TypeScript[0].Dir
	golden(t, "kinds_types.ts.golden", []byte(read(t, filepath.Join(dir, "ws-types-kinds", "types.ts"))))
	client := read(t, filepath.Join(dir, "ws-types-kinds", "client.ts"))
	golden(t, "kinds_socket.ts.golden", []byte(client[strings.Index(client, "/** What a client may send"):]))
	write(t, filepath.Join(cfg.Page().Dir, "src", "use.ts"), useTypes)
	tsc(t, cfg.Page().Dir, false)

	// The use of what is not there must fail, or the check above says nothing.
	refuses(t, cfg.Page().Dir, map[string]string{
		"a wrong subscription": "import { KindsSocket } from './clients/ws-types-kinds'; new KindsSocket().subscribe('bars', { symbol: 1 }, () => undefined);",
		"a wrong update":       "import { KindsSocket } from './clients/ws-types-kinds'; new KindsSocket().subscribe('bars', { symbol: 'A' }, (bar) => bar.volume);",
		"a wrong parameter":    "import { getPet } from './clients/trader-client-kinds'; void getPet({ path: { petId: 'x' }, query: { verbose: true } });",
	})
}

// refuses tells of the texts that the strict compiler takes, by their names.
func refuses(t *testing.T, web string, texts map[string]string) {
	t.Helper()
	names := slices.Sorted(maps.Keys(texts))
	for i, name := range names {
		write(t, filepath.Join(web, "src", fmt.Sprintf("wrong%d.ts", i)), texts[name])
	}
	cmd := exec.Command(filepath.Join(web, "node_modules", ".bin", "tsc"), "-p", web)
	out, err := cmd.CombinedOutput()
	for i, name := range names {
		if file := fmt.Sprintf("src/wrong%d.ts", i); err == nil || !strings.Contains(string(out), file+"(1,") {
			t.Errorf("%s passes: %v %s", name, err, out)
		}
		os.Remove(filepath.Join(web, "src", fmt.Sprintf("wrong%d.ts", i)))
	}
}

const asyncAPI2 = `asyncapi: 2.6.0
info: {title: Old, version: "1"}
channels:
  /prices:
    publish: {message: {name: hello, payload: {type: object, required: [type], properties: {type: {const: hello}, at: {type: array, items: {type: number}}}}}}
    subscribe:
      message:
        oneOf:
          - {name: price, payload: {$ref: '#/components/schemas/Price'}}
          - {name: gone, payload: {type: object, required: [type], properties: {type: {const: gone}}}}
  /plain: {subscribe: {message: {payload: {type: string}}}}
components: {schemas: {Price: {type: object, required: [type, value], properties: {type: {const: price}, value: {type: number}}}}}
`

const useTypes = `import { getPet, upload } from './clients/trader-client-kinds';
import { client } from './clients/trader-client-kinds/client.gen';
import { KindsSocket, type Bar } from './clients/ws-types-kinds';
import { OldPricesSocket } from './clients/ws-types-old';

client.setConfig({ baseUrl: 'http://localhost' });
export async function use(): Promise<string> {
  const { data } = await getPet({ path: { petId: 1 }, query: { verbose: true } });
  await upload({ body: { file: new Blob(['x']) } });
  const bars: Bar[] = [];
  const socket = new KindsSocket({ url: 'ws://localhost' });
  const { unsubscribe } = socket.subscribe('bars', { symbol: 'A', resolution: 'D' }, (bar) => bars.push(bar));
  socket.on('error', (message) => console.log(message.payload?.message));
  socket.send({ type: 'ping', 'sent-at': 'now' });
  const answer = await socket.request({ type: 'bars.subscribe', payload: { symbol: 'A' } });
  unsubscribe();
  new OldPricesSocket().on('price', (price) => price.value.toFixed());
  if (data?.kind === 'cat') return String(data.lives);
  return answer.payload.topic ?? '';
}
`

// socketServer answers subscriptions, and tells what it was sent.
type socketServer struct {
	mu    sync.Mutex
	got   []string
	conns []*websocket.Conn
}

func (s *socketServer) serve(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	s.mu.Lock()
	s.conns = append(s.conns, c)
	s.mu.Unlock()
	ctx := r.Context()
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			return
		}
		var m struct {
			Type, ID string
			Payload  struct{ Symbol string }
		}
		if json.Unmarshal(data, &m) != nil {
			return
		}
		s.mu.Lock()
		s.got = append(s.got, m.Type+" "+m.Payload.Symbol)
		s.mu.Unlock()
		send := func(text string) { c.Write(ctx, websocket.MessageText, []byte(text)) }
		topic := "bars:" + m.Payload.Symbol
		status := `"status":"ok","topic":"` + topic + `"`
		if m.Payload.Symbol == "BAD" {
			status = `"status":"error","message":"no such symbol"`
		}
		if m.Type == "ping" {
			continue
		}
		send(`{"type":"` + m.Type + `.response","id":"` + m.ID + `","payload":{` + status + `}}`)
		if m.Type == "bars.subscribe" {
			send(`{"type":"bars.update","payload":{"topic":"bars:OTHER","data":{"close":99}}}`)
			send(`{"type":"bars.update","payload":{"topic":"` + topic + `","data":{"close":` + map[string]string{"A": "1", "B": "2", "BAD": "3"}[m.Payload.Symbol] + `}}}`)
		}
	}
}

// drop ends every connection.
func (s *socketServer) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.CloseNow()
	}
	s.conns = nil
}

func (s *socketServer) received() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.got, ",")
}

func TestWebSocketClientAgainstARealServer(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	copyTree(t, "testdata/kinds", filepath.Join(cfg.Specs.Dir, "kinds"))
	if _, err := Generate(t.Context(), cfg, Options{Only: []Kind{WebSocket}}); err != nil {
		t.Fatal(err)
	}
	var s socketServer
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/kinds/ws", s.serve)
	mux.HandleFunc("/drop", func(http.ResponseWriter, *http.Request) { s.drop() })
	mux.HandleFunc("/got", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(s.received())) })
	server := httptest.NewServer(mux)
	t.Cleanup(func() { s.drop(); server.Close() })
	write(t, filepath.Join(cfg.Page().Dir, "src", "run.ts"), useSocket)
	write(t, filepath.Join(cfg.Page().Dir, "src", "ws.d.ts"), "declare module 'ws' { export const WebSocket: new (url: string) => import('./clients/ws-types-kinds').SocketLike; }\ndeclare const process: { argv: string[]; exit(code: number): never };\n")
	tsc(t, cfg.Page().Dir, true)
	// Node wants the extensions that a bundler does without.
	bundle := filepath.Join(cfg.Page().Dir, "out", "clients", "ws-types-kinds", "index.js")
	write(t, bundle, strings.ReplaceAll(strings.ReplaceAll(read(t, bundle), "./client'", "./client.js'"), "./types'", "./types.js'"))
	main := filepath.Join(cfg.Page().Dir, "out", "run.js")
	write(t, main, strings.ReplaceAll(read(t, main), "ws-types-kinds'", "ws-types-kinds/index.js'"))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", main, server.URL).CombinedOutput()
	if err != nil || string(out) != "ok\n" {
		t.Fatalf("%v\n%s\nthe server got %s", err, out, s.received())
	}
	want := "bars.subscribe A,bars.subscribe BAD,bars.subscribe B,ping ,bars.subscribe A,bars.subscribe B,bars.unsubscribe B,bars.unsubscribe A"
	if got := s.received(); got != want {
		t.Errorf("the server got\n%s, want\n%s", got, want)
	}
}

const useSocket = `import { KindsSocket, SocketError, type SocketState } from './clients/ws-types-kinds';
import { WebSocket } from 'ws';

const url = process.argv[2] ?? '';
const states: SocketState[] = [];
const errors: string[] = [];
const socket = new KindsSocket({
  url,
  connect: (to) => new WebSocket(to),
  retryAfter: 20,
  onState: (state) => states.push(state),
  onError: (error) => errors.push(error.message),
});
function check(ok: boolean, what: unknown): void {
  if (!ok) throw new Error(JSON.stringify(what));
}
async function until(what: string, ok: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await ok()); ) {
    if (Date.now() > end) throw new Error('not in time: ' + what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const got = async (): Promise<string> => (await fetch(url + '/got')).text();

const a: number[] = [];
const shared: number[] = [];
const b: number[] = [];
const first = socket.subscribe('bars', { symbol: 'A' }, (bar) => a.push(bar.close));
const second = socket.subscribe('bars', { symbol: 'A' }, (bar) => shared.push(bar.close));
await Promise.all([first.ready, second.ready]);
await until('an update', () => a.length === 1 && shared.length === 1);
check(a[0] === 1, a);

const refused = socket.subscribe('bars', { symbol: 'BAD' }, () => check(false, 'an update of what was refused'));
const error: unknown = await refused.ready.then(() => undefined, (e: unknown) => e);
check(error instanceof SocketError && error.message === 'no such symbol', String(error));
check(errors.join() === 'no such symbol', errors);

const third = socket.subscribe('bars', { symbol: 'B' }, (bar) => b.push(bar.close));
await third.ready;
await until("B's update", () => b.length === 1);
check(b[0] === 2 && a.length === 1, { a, b });

let all = 0;
const off = socket.onMessage(() => all++);
socket.send({ type: 'ping' });
await until('a ping', async () => (await got()).endsWith('ping '));
await fetch(url + '/drop');
await until('updates after a reconnect', () => a.length === 2 && shared.length === 2 && b.length === 2);
check(states.join() === 'connecting,open,waiting,connecting,open', states);
check(all > 0, all);
off();

third.unsubscribe();
third.unsubscribe();
await until('an unsubscribe', async () => (await got()).endsWith('bars.unsubscribe B'));
first.unsubscribe();
second.unsubscribe();
await until('an unsubscribe by the last', async () => (await got()).endsWith('bars.unsubscribe A'));
socket.close();
check(socket.state === 'closed', socket.state);
console.log('ok');
process.exit(0);
`

func TestSeveralSetsOfClients(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	copy := []string{"cp", "{input}", "{output}/api.gen.json"}
	web, app := &cfg.Specs.TypeScript[0], config.TypeScriptClients{Dir: filepath.Join(cfg.Dir, "app"), RESTPrefix: "api-", WSPrefix: "api-ws-", Command: copy}
	web.Command = copy
	beside := config.TypeScriptClients{Dir: web.Dir, RESTPrefix: "trader-client-raw-", WSPrefix: "raw-ws-",
		Command: []string{"sh", "-c", "echo '{}' > {output}/api.gen.json"}}
	cfg.Specs.TypeScript = append(cfg.Specs.TypeScript, app, beside)
	copyTree(t, "testdata/kinds", filepath.Join(cfg.Specs.Dir, "kinds"))
	copyTree(t, "testdata/kinds", filepath.Join(cfg.Specs.Dir, "more"))
	folders := func() []string {
		var all []string
		for _, dir := range []string{web.Dir, app.Dir} {
			entries, _ := os.ReadDir(dir)
			for _, e := range entries {
				all = append(all, e.Name())
			}
		}
		return all
	}
	for _, step := range []struct {
		only []Kind
		want string
	}{
		{[]Kind{REST}, "trader-client-kinds trader-client-more trader-client-raw-kinds trader-client-raw-more api-kinds api-more"},
		{[]Kind{WebSocket}, "raw-ws-kinds raw-ws-more trader-client-kinds trader-client-more trader-client-raw-kinds trader-client-raw-more " +
			"ws-types-kinds ws-types-more api-kinds api-more api-ws-kinds api-ws-more"},
		{nil, ""}, // nothing is left to do
	} {
		r, err := Generate(t.Context(), cfg, Options{Only: step.only})
		if err != nil {
			t.Fatal(err)
		}
		if step.only == nil && len(r.Written) > 0 {
			t.Errorf("wrote %v", r.Written)
		}
		if got := strings.Join(folders(), " "); step.want != "" && got != step.want {
			t.Errorf("only %v: folders %s\nwant %s", step.only, got, step.want)
		}
	}
	if got := read(t, filepath.Join(web.Dir, "trader-client-raw-kinds", "api.gen.json")); got != "{}\n" {
		t.Errorf("the third set was made by another command: %.40q", got)
	}
	if err := os.RemoveAll(filepath.Join(cfg.Specs.Dir, "more")); err != nil {
		t.Fatal(err)
	}
	if _, err := Generate(t.Context(), cfg, Options{}); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(folders(), " "), "raw-ws-kinds trader-client-kinds trader-client-raw-kinds ws-types-kinds api-kinds api-ws-kinds"; got != want {
		t.Errorf("a module that is gone: folders %s\nwant %s", got, want)
	}
}

func TestTheGeneratorIsLookedForWhereTheClientsLie(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	web, app, plain := filepath.Join(root, "web"), filepath.Join(root, "app"), filepath.Join(root, "plain")
	cfg := &config.Config{Dir: root, Frontends: []config.Frontend{{Process: config.Process{Dir: web}}}}
	for _, dir := range []string{web, app} {
		write(t, filepath.Join(dir, "node_modules", restGenerator, "package.json"), `{"version": "1", "main": "x.js"}`)
	}
	write(t, filepath.Join(plain, "README"), "")
	for dir, want := range map[string]string{
		filepath.Join(web, "src", "clients"): web, filepath.Join(app, "api"): app, filepath.Join(plain, "api"): web,
	} {
		if got := home(cfg, dir); got != want {
			t.Errorf("%s: looked for in %s, not %s", dir, got, want)
		}
	}
	cfg.Frontends = nil
	if got := home(cfg, filepath.Join(plain, "api")); got != plain {
		t.Errorf("without a frontend: looked for in %s", got)
	}
}

func TestAMissingGeneratorIsExplained(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := &config.Config{Dir: dir, Frontends: []config.Frontend{{Process: config.Process{Dir: filepath.Join(dir, "web")}}}}
	cfg.Specs.Dir = filepath.Join(dir, "specs")
	cfg.Specs.TypeScript = []config.TypeScriptClients{{Dir: filepath.Join(cfg.Dir, "web", "src", "clients"), RESTPrefix: "r-", WSPrefix: "w-"}}
	copyTree(t, "testdata/kinds", filepath.Join(cfg.Specs.Dir, "kinds"))
	_, err := Generate(t.Context(), cfg, Options{Only: []Kind{REST}})
	var h interface{ Hint() string }
	if err == nil || !strings.Contains(err.Error(), "is not installed") || !errors.As(err, &h) || !strings.Contains(h.Hint(), "npm install --save-dev @hey-api/openapi-ts") {
		t.Errorf("got %v", err)
	}
}

func TestTheResidentGeneratorEndsWithItsOwner(t *testing.T) {
	t.Parallel()
	r, err := startResident(t.Context(), apitest.Frontend(t), false, idleTime)
	if err != nil {
		t.Fatal(err)
	}
	r.in.Close() // as when the owner dies
	done := make(chan error, 1)
	go func() { done <- r.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		r.cmd.Process.Kill()
		t.Error("it lives on")
	}
	r.pipe.Close()
}

func TestAGeneratorWithNothingToDoEnds(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	copyTree(t, "testdata/kinds", filepath.Join(cfg.Specs.Dir, "kinds"))
	ts := NewTypeScript(cfg)
	defer ts.Close()
	ts.idle = time.Millisecond
	if err := ts.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	set := ts.sets[0]
	r := ts.residents[set.home]
	gone := func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return errors.Is(r.broken, errIdle) && r.cmd.ProcessState != nil // waited for: no zombie is left
	}
	for end := time.Now().Add(time.Minute); !gone(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it stays")
		}
	}
	// Whatever moment the next ones end in, nobody has to ask twice.
	d, err := apidoc.Load(filepath.Join(cfg.Specs.Dir, "kinds", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if files, err := ts.rest(t.Context(), set, d); err != nil || len(files) == 0 {
			t.Fatalf("%d files: %v", len(files), err)
		}
	}
}

func TestAFailingGeneratorKeepsTheLastGoodClient(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	copyTree(t, "testdata/kinds", filepath.Join(cfg.Specs.Dir, "kinds"))
	cfg.Specs.TypeScript[0].Command = []string{"sh", "-c", "cp {input} {output}/api.gen.json"}
	if _, err := Generate(t.Context(), cfg, Options{}); err != nil {
		t.Fatal(err)
	}
	client := filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-kinds", "api.gen.json")
	before := read(t, client)
	cfg.Specs.TypeScript[0].Command = []string{"sh", "-c", "echo half > {output}/api.gen.json; echo no such luck; exit 3"}
	_, err := Generate(t.Context(), cfg, Options{})
	if err == nil || !strings.Contains(err.Error(), "trader-client-kinds") || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("got %v", err)
	}
	if read(t, client) != before {
		t.Error("the client changed")
	}
}
