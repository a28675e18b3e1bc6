package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// childRole is the argument that makes this program a server. It then runs in
// a process of its own, so that its CPU time and memory are its own too.
const childRole = "serve"

// stats are what the server process has used since it began.
type stats struct {
	CPU    int64  // nanoseconds, user and system, all threads
	Allocs uint64 // objects
	Bytes  uint64 // allocated, freed ones included
	RSS    int64  // bytes resident now
	Heap   int64  // bytes in live and not yet swept objects
	Stack  int64
	Count  int64 // echoes that clients have read, or dials
}

// child serves the peer that arg (options in JSON) names, and answers commands
// on standard input, one a line, until that ends:
//
//	begin, end     stats; the side of the window says what to ask first
//	memory         stats without a collection
//	gc             stats after a full collection
//	broadcast N P  sends N messages of P bytes to everyone, and answers when done
func child(arg string) error {
	var o options
	if err := json.Unmarshal([]byte(arg), &o); err != nil {
		return err
	}
	p, ok := findPeer(o.Peer)
	if !ok {
		return fmt.Errorf("no peer %q", o.Peer)
	}
	var broadcast func(p []byte)
	count := new(atomic.Int64)
	var err error
	if o.Dial != "" {
		if count, err = startClients(p, o); err != nil {
			return err
		}
		fmt.Println("-")
	} else {
		var addr string
		if addr, broadcast, err = startServer(p, o); err != nil {
			return err
		}
		fmt.Println(addr)
	}

	var profile *os.File
	out := json.NewEncoder(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		f := strings.Fields(in.Text())
		var s stats
		switch f[0] {
		case "begin": // the memory first: what asking costs is outside of the window
			if o.Profile != "" {
				if profile, err = os.Create(o.Profile); err != nil {
					return err
				}
				pprof.StartCPUProfile(profile)
			}
			s.memory()
			s.cpu()
			s.Count = count.Load()
		case "end":
			s.cpu()
			s.Count = count.Load()
			s.memory()
			if profile != nil {
				pprof.StopCPUProfile()
				profile.Close()
			}
		case "memory":
			s.memory()
		case "gc":
			runtime.GC()
			debug.FreeOSMemory()
			s.memory()
			s.cpu()
			if o.Profile != "" {
				if err := heapProfile(o.Profile); err != nil {
					return err
				}
			}
		case "broadcast":
			n, _ := strconv.Atoi(f[1])
			size, _ := strconv.Atoi(f[2])
			payload := broadcastPayload(size)
			for range n {
				broadcast(payload)
			}
		}
		if err := out.Encode(s); err != nil {
			return err
		}
	}
	return in.Err()
}

// startServer returns the address of the peer as a server, and how it broadcasts.
func startServer(p peer, o options) (addr string, broadcast func(p []byte), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	if o.TLS {
		cfg, err := serverTLS()
		if err != nil {
			return "", nil, err
		}
		if p.below != nil {
			l = p.below(l)
		}
		l = tls.NewListener(l, cfg)
	}
	return addr, p.start(l, o), nil
}

func heapProfile(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return pprof.WriteHeapProfile(f)
}

func (s *stats) memory() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.Allocs, s.Bytes = m.Mallocs, m.TotalAlloc
	s.Heap, s.Stack = int64(m.HeapAlloc), int64(m.StackInuse)
	s.RSS = residentBytes()
}

func (s *stats) cpu() { s.CPU = cpuTime() }

// cpuTime returns the CPU time that this process has used, in nanoseconds.
func cpuTime() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// residentBytes returns 0 where there is no /proc.
func residentBytes() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	n, _ := strconv.ParseInt(f[1], 10, 64)
	return n * int64(os.Getpagesize())
}

// serverTLS makes a certificate for this process's life.
func serverTLS() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
}
