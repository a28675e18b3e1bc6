// Package deploy runs echo servers behind nginx and HAProxy with the configurations
// in this folder. A proxy that is not installed is skipped, but fails if the
// environment has CI set. Debian's packages are nginx-light and haproxy.
//
//	go test ./testdata/deploy
package deploy
