package engine

import (
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
)

// SSH stands for one that reaches the Engine at $SSH_SOCK, or fails. With -L it
// forwards that to a local socket.
func SSH() {
	fmt.Fprintln(os.Stderr, strings.Join(os.Args[1:], " "))
	if i := slices.Index(os.Args, "-L"); i > 0 {
		local, _, _ := strings.Cut(os.Args[i+1], ":")
		l, err := net.Listen("unix", local)
		if err != nil {
			os.Exit(255)
		}
		for {
			in, err := l.Accept()
			if err != nil {
				os.Exit(255)
			}
			go func() {
				defer in.Close()
				out, err := net.Dial("unix", os.Getenv("SSH_SOCK"))
				if err != nil {
					return
				}
				go io.Copy(out, in)
				io.Copy(in, out)
			}()
		}
	}
	c, err := net.Dial("unix", os.Getenv("SSH_SOCK"))
	if err != nil {
		os.Exit(255)
	}
	go io.Copy(c, os.Stdin)
	io.Copy(os.Stdout, c)
}
