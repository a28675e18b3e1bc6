// Package frameworks shows the server below the routers and frameworks that many
// programs have, and holds that it works there: with their parameters, middleware
// and response writers. It's a module of its own, for they are not the standard
// library's.
package frameworks

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/labstack/echo/v4"
	echomiddleware "github.com/labstack/echo/v4/middleware"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/server"
)

var sockets server.Server

// talk greets by name and echoes.
func talk(w http.ResponseWriter, r *http.Request, name string) {
	c, err := sockets.Upgrade(w, r)
	if err != nil {
		return // it has been answered
	}
	defer c.CloseNow()
	ctx := c.Context()
	if c.Write(ctx, websocket.Text, []byte("hello "+name)) != nil {
		return
	}
	for m, err := range c.Messages(ctx) {
		if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
			return
		}
	}
}

func withChi() http.Handler {
	r := chi.NewRouter()
	r.Use(chimiddleware.RequestID, chimiddleware.Recoverer, chimiddleware.Compress(5))
	r.Get("/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		talk(w, r, chi.URLParam(r, "name"))
	})
	return r
}

func withGin() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(gin.Recovery())
	r.GET("/hello/:name", func(c *gin.Context) {
		talk(c.Writer, c.Request, c.Param("name"))
	})
	return r
}

func withEcho() http.Handler {
	e := echo.New()
	e.Use(echomiddleware.Recover(), echomiddleware.RequestID(), echomiddleware.Gzip(), echomiddleware.Secure())
	e.GET("/hello/:name", func(c echo.Context) error {
		talk(c.Response(), c.Request(), c.Param("name"))
		return nil
	})
	return e
}

func withNetHTTP() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		talk(w, r, r.PathValue("name"))
	})
	return mux
}

func TestConversationsBelowFrameworks(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.Handler{
		"net/http": withNetHTTP(), "chi": withChi(), "gin": withGin(), "echo": withEcho(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hs := httptest.NewServer(h)
			defer hs.Close()
			url := strings.Replace(hs.URL, "http", "ws", 1)
			c, err := client.Dial(t.Context(), url+"/hello/ann")
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			long := strings.Repeat("long ", 100_000)
			c.Write(t.Context(), websocket.Text, []byte(long))
			for _, want := range []string{"hello ann", long} {
				if _, p, err := c.Read(t.Context()); err != nil || string(p) != want {
					t.Fatalf("%.20q, %v; want %.20q", p, err, want)
				}
			}
			if err := c.Close(websocket.CodeNormal, ""); err != nil {
				t.Error(err)
			}
			// Who doesn't ask for a WebSocket, or comes from elsewhere, is refused once.
			var d client.Dialer
			d.Header = http.Header{"Origin": {"https://elsewhere.example"}}
			if _, resp, err := d.Dial(t.Context(), url+"/hello/ann"); resp == nil || resp.StatusCode != http.StatusForbidden {
				t.Error(resp, err)
			}
			resp, err := http.Get(hs.URL + "/hello/ann")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusUpgradeRequired {
				t.Error(resp.Status)
			}
		})
	}
}
