package print

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// hook counts what it is sent, and answers with the statuses in order, the last
// one for ever.
func hook(t *testing.T, statuses ...int) (address string, got func() []string) {
	var mu sync.Mutex
	var bodies []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		b, _ := io.ReadAll(r.Body)
		bodies = append(bodies, r.Method+" "+string(b))
		status := statuses[min(len(bodies), len(statuses))-1]
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/secret", func() []string {
		mu.Lock()
		defer mu.Unlock()
		return bodies
	}
}

func TestWebhook(t *testing.T) {
	for _, test := range []struct {
		statuses  []int
		want, err string
	}{
		{[]int{200}, `POST {"a":1},POST "b"`, ""},
		{[]int{503, 429, 204}, `POST {"a":1},POST {"a":1},POST {"a":1},POST "b"`, ""},
		{[]int{404}, `POST {"a":1},POST "b"`, "results not sent: 2: 404 Not Found"},
		{[]int{302}, `POST {"a":1},POST "b"`, "results not sent: 2: 302 Found"},
	} {
		address, got := hook(t, test.statuses...)
		h, err := newWebhook(address)
		if err != nil {
			t.Fatal(err)
		}
		h.add([]byte(`{"a":1}`))
		h.add([]byte(`"b"`))
		err = h.close()
		if text := strings.Join(got(), ","); text != test.want {
			t.Errorf("%v: %s, want %s", test.statuses, text, test.want)
		}
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.HasSuffix(err.Error(), test.err) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%v: %v, want %s", test.statuses, err, test.err)
		}
	}
}

// TestWebhookGone: nobody listens, and no more than one result is sent again.
func TestWebhookGone(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	address := s.URL + "/secret"
	s.Close()
	h, err := newWebhook(address)
	if err != nil {
		t.Fatal(err)
	}
	for range webhookQueue * 2 {
		h.add([]byte("1"))
	}
	if err := h.close(); err == nil || !strings.Contains(err.Error(), "results not sent: 20000: ") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	for _, address := range []string{"", "example.com", "ftp://example.com", "http://"} {
		if _, err := newWebhook(address); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}
