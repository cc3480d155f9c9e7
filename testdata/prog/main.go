// Prog is what the containers of the test suite run. With no argument it
// prints a line a second, each third to standard error, until it is told to end.
package main

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	// As process 1 of a container it gets no default handling of signals.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		os.Exit(143)
	}()

	var verb string
	var n int
	if len(os.Args) > 1 {
		verb = os.Args[1]
	}
	if len(os.Args) > 2 {
		n, _ = strconv.Atoi(os.Args[2])
	}
	switch verb {
	case "exit": // exit [CODE]
		os.Exit(n)
	case "eat": // eat BYTES
		held := make([]byte, n)
		for i := 0; i < n; i += os.Getpagesize() {
			held[i] = 1
		}
		for {
			time.Sleep(time.Hour)
			held[0]++
		}
	case "burn":
		for {
			n++
		}
	}
	for i := 1; ; i++ {
		out := os.Stdout
		if i%3 == 0 {
			out = os.Stderr
		}
		out.WriteString("line " + strconv.Itoa(i) + "\n")
		time.Sleep(time.Second)
	}
}
