package main

import (
	"io"
	"log/slog"
)

// logger is for what operators want to know. Messages and clients are the
// journal's.
func logger(o *options, w io.Writer) *slog.Logger {
	level := o.logLevel
	if o.quiet {
		level = max(level, slog.LevelError)
	}
	h := &slog.HandlerOptions{Level: level}
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, h))
	}
	return slog.New(slog.NewTextHandler(w, h))
}
