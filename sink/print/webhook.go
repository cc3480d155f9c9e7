package print

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"baleen/source/record"
)

// webhook sends each result to a URL as a POST of JSON, one after another and
// beside what else goes on: it holds no action up.
type webhook struct {
	address string
	client  http.Client
	results chan []byte
	dropped int           // results for which there was no room
	done    chan struct{} // closed once all were sent
	failed  int           // results that did not arrive
	err     error
}

const (
	webhookTries   = 4
	webhookTimeout = 10 * time.Second
	webhookQueue   = 10_000 // results that may wait
)

// newWebhook refuses an address that is not one of HTTP.
func newWebhook(address string) (*webhook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, &record.UsageError{Message: "--webhook requires a URL like https://example.com/hook"}
	}
	h := &webhook{address: address, results: make(chan []byte, webhookQueue), done: make(chan struct{})}
	h.client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // which would be a GET without the result
	}
	go h.run()
	return h, nil
}

func (h *webhook) run() {
	defer close(h.done)
	tries := webhookTries
	for result := range h.results {
		err := h.send(result, tries)
		tries = webhookTries
		if err != nil {
			h.failed++
			h.err = err
			tries = 1 // nobody is waited for again and again
		}
	}
}

// add queues a result.
func (h *webhook) add(result []byte) {
	select {
	case h.results <- bytes.Clone(result):
	default:
		h.dropped++
	}
}

// send posts one result, again after a while if that fails.
func (h *webhook) send(result []byte, tries int) (err error) {
	for try := range tries {
		if try > 0 {
			time.Sleep(time.Second << (try - 1) / 4)
		}
		var again bool
		if again, err = h.post(result); err == nil || !again {
			return err
		}
	}
	return err
}

// post sends one result once. again reports whether it may work another time.
func (h *webhook) post(result []byte) (again bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), webhookTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address, bytes.NewReader(result))
	if err != nil {
		return false, errors.New("invalid URL")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "baleen")
	response, err := h.client.Do(request)
	if err != nil {
		var inner *url.Error // whose text has the address, with what is secret in it
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return true, err
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	if response.StatusCode/100 == 2 {
		return false, nil
	}
	return response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests, errors.New(response.Status)
}

// close waits for what is queued, and says what did not arrive.
func (h *webhook) close() error {
	close(h.results)
	<-h.done
	if h.failed+h.dropped == 0 {
		return nil
	}
	if h.err == nil {
		h.err = errors.New("it is too slow")
	}
	u, _ := url.Parse(h.address) // it was parsed before
	return fmt.Errorf("--webhook %s: results not sent: %d: %w", u.Host, h.failed+h.dropped, h.err)
}
