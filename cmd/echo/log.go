package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"time"
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

// logNotice makes the record that stands for n lines that nobody read.
func logNotice(o *options) func(n int) []byte {
	return func(n int) []byte {
		var line bytes.Buffer
		r := slog.NewRecord(time.Now(), slog.LevelWarn, "echo: lines are missing here, as this log was not read in time", 0)
		r.Add("lines", n)
		logger(o, &line).Handler().Handle(context.Background(), r) // whatever the level
		return line.Bytes()
	}
}
