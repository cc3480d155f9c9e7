package source

import (
	"baleen/source/engine"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestLateAnswer has an answer arrive long after the Engine wrote its Date: a
// stream that ended at its --until is whole.
func TestLateAnswer(t *testing.T) {
	host := double(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") {
			w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
			time.Sleep(2200 * time.Millisecond)
		}
	})
	e, err := engine.Connect(engine.Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range events().Records(t.Context(), e, Request{Flags: given{"until": "-2s"}}) {
		t.Error(err)
	}
}
