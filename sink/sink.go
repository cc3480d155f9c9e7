// Package sink is where results end: acted on (act) or printed (print). It has
// what both need of a terminal.
package sink
