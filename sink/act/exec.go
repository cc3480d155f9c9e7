package act

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/docker/docker/pkg/stdcopy"

	"baleen/source/record"
)

// Executed is what --exec reports of a command.
type Executed struct {
	ExitCode int    `json:"exit_code"`
	Stdout   string `json:"stdout"`
	Stderr   string `json:"stderr"`
}

// settling is how long a command whose output has ended may take to end.
const settling = 5 * time.Second

// most is how many bytes of a command's output are kept, of each stream.
const most = 1 << 20

func exec() Action {
	return Action{
		Name:  "exec",
		Usage: "run the command in each; an exit code other than 0 is a failure",
		Value: "COMMAND",
		Kinds: []string{"container"},
		Send: func(ctx context.Context, send Sender, t Target, f record.Flags) (any, error) {
			var created struct{ Id string }
			options := map[string]any{"AttachStdout": true, "AttachStderr": true, "Cmd": t.Command}
			if err := exchange(ctx, send, "POST", "/containers/"+url.PathEscape(t.ID)+"/exec", options, &created); err != nil {
				return nil, err
			}
			body, _ := record.Encode(map[string]any{"Detach": false, "Tty": false})
			output, err := send(ctx, "POST", "/exec/"+created.Id+"/start", body)
			if err != nil {
				return nil, err
			}
			defer output.Close()
			stdout, stderr := &kept{}, &kept{}
			_, broken := stdcopy.StdCopy(stdout, stderr, output)
			var ended struct {
				Running  bool
				ExitCode int
			}
			// The output may end a moment before the Engine knows of the command's end,
			// and Docker may reset the connection of a command that has ended.
			for deadline := time.Now().Add(settling); ; time.Sleep(settling / 100) {
				if err := exchange(ctx, send, "GET", "/exec/"+created.Id+"/json", nil, &ended); err != nil {
					return nil, cmp.Or(broken, err)
				}
				if !ended.Running {
					break
				}
				if time.Now().After(deadline) {
					return nil, cmp.Or(broken, errors.New("its output has ended, but it still runs"))
				}
			}
			done := Executed{ended.ExitCode, stdout.String(), stderr.String()}
			if ended.ExitCode != 0 {
				return done, fmt.Errorf("exit code %d", ended.ExitCode)
			}
			return done, nil
		},
	}
}

// kept is the beginning of an output.
type kept struct{ bytes.Buffer }

func (k *kept) Write(p []byte) (int, error) {
	k.Buffer.Write(p[:min(len(p), most-k.Len())])
	return len(p), nil
}

// exchange sends a request and decodes its answer.
func exchange(ctx context.Context, send Sender, method, uri string, in, out any) error {
	var body json.RawMessage
	if in != nil {
		var err error
		if body, err = record.Encode(in); err != nil {
			return err
		}
	}
	answer, err := send(ctx, method, uri, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	text, err := io.ReadAll(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, out)
}
