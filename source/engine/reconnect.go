package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/urfave/cli/v2"
)

// Notice is something to know that is no failure and costs no exit code.
type Notice struct{ Message string }

func (e *Notice) Error() string { return e.Message }

// ExitCode is 0.
func (e *Notice) ExitCode() int { return 0 }

// Fatal is false: the stream goes on.
func (e *Notice) Fatal() bool { return false }

// LostError says that the Engine broke off in the middle of an answer.
type LostError struct {
	What string // the request
	Err  error
}

func (e *LostError) Error() string { return e.What + ": " + e.Err.Error() }

func (e *LostError) Unwrap() error { return e.Err }

var (
	errCut   = errors.New("the answer was cut short")
	ErrEnded = errors.New("the Engine ended the stream")
)

// Lost reports whether err says that the Engine went away, rather than that it
// refused or that its answer makes no sense.
func Lost(err error) bool {
	var broken *LostError
	var nobody *UnreachableError
	return errors.As(err, &broken) || errors.As(err, &nobody)
}

// unwell reports whether err is what an Engine may say while it starts.
func unwell(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status >= http.StatusInternalServerError
}

func ReconnectFlag() cli.Flag {
	return &cli.BoolFlag{Name: "reconnect", Usage: "outlive a restart of the Engine, and say so on standard error"}
}

const (
	firstPause = 100 * time.Millisecond
	longPause  = 5 * time.Second
)

// Outlive runs session again for as long as it ends because the Engine was
// lost; one that never began is an error. The session calls up once the Engine
// answers; notify is told when the Engine is lost and when it is back.
func Outlive(ctx context.Context, what string, session func(up func()) error, notify func(error)) error {
	pause, began, away := firstPause, false, false
	for {
		err := session(func() {
			if began = true; away {
				notify(&Notice{what + ": the Engine is back"})
			}
			away, pause = false, firstPause
		})
		if err == nil || !began || !Lost(err) && !(away && unwell(err)) || ctx.Err() != nil {
			return err
		}
		if !away {
			notify(&Notice{fmt.Sprintf("%s: %v; reconnecting", what, err)})
		}
		away = true
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		pause = min(2*pause, longPause)
	}
}
