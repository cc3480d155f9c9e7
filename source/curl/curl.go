package curl

import (
	"baleen/source"
	"baleen/source/engine"
	"baleen/source/record"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	dockerapi "github.com/docker/docker/api"
)

// Script is the sh line that does with curl and jq what a source does, under
// comments that say where baleen does more. The Engine is not asked. filter is
// the command that a record's filter is run by, and act has an action done to
// the target of that name, nil for none. Credentials are left out.
func Script(ctx context.Context, o engine.Options, s source.Source, r source.Request, filter []string, act func(e *engine.Engine, target string)) (string, error) {
	ep, err := o.Locate()
	if err != nil {
		return "", err
	}
	rec := &recorder{source: s.Name, pinned: o.Pin() != ""}
	o.Stand, o.Write, o.Idle = rec, true, nil
	e, err := engine.Connect(o)
	if err != nil {
		return "", err
	}
	sh := &script{ep: ep, live: s.Live != nil && s.Live(r.Flags)}
	if filter[0] != "jq" {
		sh.comment("jq lacks functions of this filter: baleen read runs it")
		if o.Host != "" {
			filter = slices.Insert(filter, 2, "-H", o.Host)
		}
		if o.Context != "" {
			filter = slices.Insert(filter, 2, "--context", o.Context)
		}
	}
	if r.Flags.IsSet("output") || r.Flags.IsSet("columns") {
		sh.comment("-o and --columns are baleen's own")
	}
	if s.Name == "read" {
		sh.read(r, filter)
	} else {
		asked, unasked, err := rec.requests(ctx, e, s, r)
		if err != nil {
			return "", err
		}
		sh.source(asked, s, unasked, filter)
	}
	if act != nil {
		act(e, each)
		sh.action(rec.take())
	}
	return sh.String(), nil
}

// each stands in the recorded requests for any name, and for what is known only
// at run time: the container or the target that a line of sh has in $id.
const each = "ba1ee0-each"

// once has flags without what makes a source ask again, or look for credentials.
type once struct{ record.Flags }

func (o once) Bool(name string) bool { return name != "reconnect" && o.Flags.Bool(name) }

func (o once) IsSet(name string) bool { return name == "registry-auth" || o.Flags.IsSet(name) }

func (o once) String(name string) string {
	if name == "registry-auth" {
		return "REDACTED"
	}
	return o.Flags.String(name)
}

// recorder stands for an Engine: it notes what it is asked and answers no more
// than a source needs to go on asking.
type recorder struct {
	source string
	pinned bool   // the version belongs into the path
	enough func() // ends the source that asks

	mu    sync.Mutex
	asked []*http.Request
}

func (r *recorder) take() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

// requests are what a source asks for each name, or for the list that it picks
// the unasked names from.
func (rec *recorder) requests(ctx context.Context, e *engine.Engine, s source.Source, r source.Request) (asked [][]*http.Request, unasked []string, err error) {
	ask := func(names ...string) ([]*http.Request, error) {
		ctx, enough := context.WithTimeout(ctx, time.Second)
		defer enough()
		rec.enough = enough
		var failed error
		for _, err := range s.Records(ctx, e, source.Request{Names: names, Filters: r.Filters, Flags: once{r.Flags}, Stdin: r.Stdin}) {
			failed = cmp.Or(failed, err)
		}
		return rec.take(), failed
	}
	questions, unasked := [][]string{r.Names}, slices.Clone(r.Names)
	if len(r.Names) > 0 { // each shows what is asked for: "/volumes" has "vol" in it anyway
		requests, _ := ask(each)
		if slices.ContainsFunc(requests, func(r *http.Request) bool { return strings.Contains(r.URL.String(), each) }) {
			questions, unasked = slices.Collect(slices.Chunk(r.Names, 1)), nil
		}
	}
	for _, names := range questions {
		requests, err := ask(names...)
		if len(requests) == 0 {
			return nil, nil, err
		}
		asked = append(asked, requests)
	}
	return asked, unasked, nil
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp := &http.Response{
		StatusCode: http.StatusOK, Request: req, Body: http.NoBody,
		Header: http.Header{"Content-Type": {"application/json"}},
	}
	if strings.HasSuffix(req.URL.Path, "/_ping") {
		resp.Header.Set("Api-Version", dockerapi.DefaultVersion)
		return resp, nil
	}
	if !r.pinned {
		req.URL.Path = strings.TrimPrefix(req.URL.Path, "/v"+dockerapi.DefaultVersion)
	}
	r.mu.Lock()
	r.asked = append(r.asked, req)
	r.mu.Unlock()
	dir, last := req.URL.Path[:strings.LastIndex(req.URL.Path, "/")+1], req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]
	_, name, _ := strings.Cut(strings.TrimSuffix(dir, "/"), "/containers/")
	answer := "[]"
	switch {
	case last == "events" && (r.source == "stats" || r.source == "logs"):
		// Containers that start later would join: whoever waits for them waits until this is enough.
		resp.Body = io.NopCloser(waits{req.Context()})
		return resp, nil
	case strings.HasSuffix(dir, "/networks/"):
		answer = "{}" // no containers are on it
	case last == r.source && name == each:
		r.enough()
	case last == "json" && name != "":
		answer = fmt.Sprintf(`{"Id":%[1]q,"Name":"/%[1]s","State":{"Status":"dead"}}`, name)
	case strings.HasSuffix(dir, "/networks/"): // is looked at before it is deleted
		answer = "{}"
	case last == "json" && strings.HasSuffix(dir, "/containers/"):
		answer = fmt.Sprintf(`[{"Id":%[1]q,"Names":["/%[1]s"]}]`, each)
	}
	resp.Body = io.NopCloser(strings.NewReader(answer))
	return resp, nil
}

// waits is a body that nothing comes of until its request ends.
type waits struct{ ctx context.Context }

func (w waits) Read([]byte) (int, error) {
	<-w.ctx.Done()
	return 0, w.ctx.Err()
}

// script is what Script writes.
type script struct {
	ep       engine.Endpoint
	live     bool
	comments []string
	stages   []string // of the pipeline
}

func (sh *script) String() string {
	var b strings.Builder
	for _, c := range sh.comments {
		b.WriteString("# " + c + "\n")
	}
	b.WriteString(strings.Join(sh.stages, " | ") + "\n")
	return b.String()
}

func (sh *script) comment(text string) {
	if !slices.Contains(sh.comments, text) {
		sh.comments = append(sh.comments, text)
	}
}

func (sh *script) stage(words ...string) {
	if sh.live && words[0] == "jq" {
		words = slices.Insert(slices.Clone(words), 1, "--unbuffered")
	}
	sh.stages = append(sh.stages, shellWords(words))
}

// source is the requests for the records, those for each name or all, and what
// makes records of the answers. The names in unasked are not in the requests.
func (sh *script) source(asked [][]*http.Request, s source.Source, unasked, filter []string) {
	var curls []string
	for _, asked := range asked {
		// Of requests about containers those that end in the source's own name
		// matter: those before were about which ones to ask.
		own := slices.DeleteFunc(slices.Clone(asked), func(r *http.Request) bool {
			return !strings.Contains(r.URL.Path, "/containers/") || !strings.HasSuffix(r.URL.Path, "/"+s.Name)
		})
		if len(own) == 0 {
			own = asked
		}
		slices.SortStableFunc(own, func(a, b *http.Request) int { return cmp.Compare(a.URL.Path, b.URL.Path) })
		kinds := make([]string, len(own))
		for i, r := range own {
			kinds[i] = sh.curl(r)
		}
		curl := strings.Join(kinds, " 2>/dev/null || ")
		if len(kinds) > 1 {
			sh.comment("a name is what it is found to be first: here two kinds are no error")
			curl = "{ " + curl + "; }"
		}
		list := slices.IndexFunc(asked, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/containers/json") })
		if list >= 0 && strings.Contains(own[0].URL.Path, each) {
			sh.comment("containers that start later do not join")
			sh.stages = append(sh.stages, sh.curl(asked[list]), "jq -r '.[].Id'")
			curl = "while read -r id; do " + curl + " & done"
		}
		if !s.Filters || !slices.Contains(curls, curl) { // a list has each once
			curls = append(curls, curl)
		}
	}
	switch {
	case len(curls) == 1:
		sh.stages = append(sh.stages, curls[0])
	case s.Live != nil: // all at once
		sh.stages = append(sh.stages, "{ "+strings.Join(curls, " & ")+" & }")
	default:
		sh.stages = append(sh.stages, "{ "+strings.Join(curls, "; ")+"; }")
	}
	if s.Name == "top" {
		sh.comment("which \"container\" a process is of is left out")
	}
	if s.JQ == "-" {
		sh.comment("the answer is not JSON but docker's frames of 8 bytes and text: baleen takes them apart, curl does not")
		return
	}
	jq := s.JQ
	if len(unasked) > 0 && strings.HasSuffix(strings.TrimSuffix(jq, "?"), "[]") {
		sh.comment("a name that matches nothing, or several things, is no error; two names may match one thing")
		for i, n := range unasked {
			unasked[i] = string(record.Quote(strings.TrimPrefix(n, "/")))
		}
		// as pick does
		const names = `any(.Name, .Spec.Name, .Description.Hostname, (.Names[]? | ltrimstr("/") | select(contains("/") | not)); `
		one := `first((map(select(.Id == $n)), map(select(` + names + `. == $n))), ` +
			`map(select($n != "" and (.Id // "" | startswith($n))))) | select(. != [])) | select(length == 1)[]`
		if strings.Contains(strings.Join(unasked, ""), "*") {
			one = `if $n | contains("*") then ($n | gsub("(?<c>[^*\\w])"; "\\" + .c) | gsub("\\*"; ".*")) as $p | ` +
				`map(select(` + names + `. != null and test("^" + $p + "$"))))[] else ` + one + ` end`
		}
		jq = fmt.Sprintf(`[%s] | (%s) as $n | %s`, jq, strings.Join(unasked, ", "), one)
	}
	switch {
	case jq == "":
		sh.stage(filter...)
	case slices.Equal(filter, []string{"jq", "-c", "."}):
		sh.stage("jq", "-c", jq)
	default:
		sh.stage("jq", "-c", jq)
		sh.stage(filter...)
	}
}

// read is jq on the same files.
func (sh *script) read(r source.Request, filter []string) {
	files := slices.DeleteFunc(slices.Clone(r.Names), func(n string) bool { return n == "-" && len(r.Names) == 1 })
	if r.Flags.Bool("raw-input") {
		files = slices.Insert(files, 0, "-R")
	}
	sh.stage(append(slices.Clone(filter), files...)...)
}

// action is the requests for one target, for each; none in a dry run.
func (sh *script) action(asked []*http.Request) {
	sh.stage("jq", "-r", `if type == "object" then .Actor.ID // .Id // .ID // .id // .Name // empty else . end | @uri`)
	if len(asked) == 0 {
		return
	}
	sh.comment("baleen besides reads a whole list before it acts, checks --max, acts on several")
	sh.comment("at a time, deletes an image record with all its tags, and reports each target")
	line := "while read -r id; do "
	for _, r := range asked {
		line += sh.curl(r) + "; "
	}
	sh.stages = append(sh.stages, line+"done")
}

// curl is the command for one request.
func (sh *script) curl(r *http.Request) string {
	words := []string{"curl", "-sSf"}
	if sh.live {
		words = append(words, "-N")
	}
	base := r.URL.Scheme + "://" + r.URL.Host
	scheme, path, _ := strings.Cut(sh.ep.Host, "://")
	switch scheme {
	case "unix":
		words = append(words, "--unix-socket", path)
		base = "http://localhost"
	case "ssh":
		remote, socket, _ := strings.Cut(path, "/")
		forward := "/tmp/baleen.sock:" + cmp.Or(strings.TrimSuffix("/"+socket, "/"), "/var/run/docker.sock")
		sh.comment("first: " + shellWords([]string{"ssh", "-nNT", "-L", forward, "ssh://" + remote}) + " &")
		words = append(words, "--unix-socket", "/tmp/baleen.sock")
		base = "http://localhost"
	case "demo", "npipe":
		sh.comment("curl cannot reach " + sh.ep.Host)
		base = "http://localhost"
	}
	if tls := sh.ep.TLS; tls != nil && r.URL.Scheme == "https" {
		for _, f := range [][2]string{{"--cacert", tls.CAFile}, {"--cert", tls.CertFile}, {"--key", tls.KeyFile}} {
			if f[1] != "" {
				words = append(words, f[0], f[1])
			}
		}
		if tls.InsecureSkipVerify {
			words = append(words, "-k")
		}
	}
	switch r.Method {
	case http.MethodGet:
	case http.MethodHead:
		words = append(words, "-I")
	default:
		words = append(words, "-X", r.Method)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		switch {
		case name == "User-Agent":
		case engine.IsSecret(name):
			sh.comment("the header " + name + " is left out")
		default:
			words = append(words, "-H", name+": "+strings.Join(r.Header[name], ", "))
		}
	}
	words = append(words, sh.body(r.Body)...)
	uri := engine.Redacted(r.URL)
	if strings.Contains(uri, "REDACTED") {
		sh.comment("a credential in the query is left out")
	}
	return shellWords(append(words, base+uri))
}

func (sh *script) body(body io.Reader) []string {
	if body == nil || body == http.NoBody {
		return nil
	}
	if f, ok := body.(*os.File); ok {
		return []string{"--data-binary", "@" + f.Name()}
	}
	b, _ := io.ReadAll(body) // from memory, where it is no file
	if engine.IsSecret(string(b)) {
		sh.comment("the body is left out for the credentials in it: put it into the file BODY")
		return []string{"--data-binary", "@BODY"}
	}
	return []string{"--data-binary", string(b)}
}

// shellWords is a command of sh. Where a word has each, sh puts $id.
func shellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = shellQuote(w)
	}
	return strings.Join(quoted, " ")
}

func shellQuote(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-"
	switch {
	case strings.Contains(word, each):
		escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`", each, "$id")
		return `"` + escape.Replace(word) + `"`
	case word != "" && strings.Trim(word, plain) == "":
		return word
	default:
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
}
