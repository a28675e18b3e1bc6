# Mojolicious with permessage-deflate, in either role:
#
#     deflate.pl client ws://host:port/echo
#     deflate.pl server                      prints its port
use Mojolicious::Lite -signatures;
use Mojo::IOLoop;
use Mojo::Server::Daemon;
use Mojo::UserAgent;
use Mojo::Util qw(encode);

app->log->level('error');
my ($role, $url) = @ARGV;

websocket '/' => sub ($c) {
  $c->tx->with_compression;
  $c->tx->max_websocket_size(1 << 24);
  $c->on(text   => sub ($c, $bytes) { $c->send({text   => $bytes}) });
  $c->on(binary => sub ($c, $bytes) { $c->send({binary => $bytes}) });
};

if ($role eq 'server') {
  my $daemon = Mojo::Server::Daemon->new(app => app, listen => ['http://127.0.0.1:0'], silent => 1, inactivity_timeout => 0);
  $daemon->start;
  $| = 1;
  say 'port ', $daemon->ports->[0];
  $SIG{INT} = sub { exit };
  Mojo::IOLoop->start;
}

srand 1;
my @messages;
for my $n (0, 1, 31, 32, 125, 126, 1000, 1000, 5000, 70000, 64, 200000, 64) {
  my $line = '{"id": ' . int(rand 100) . ', "text": "neither fish nor fowl"}';
  push @messages, {text => substr $line x ($n / length($line) + 1), 0, $n};
  push @messages, {binary => join '', map { chr int rand 256 } 1 .. $n / 2};
}
my $ua = Mojo::UserAgent->new(max_response_size => 0, inactivity_timeout => 60);
my $passed;
$ua->websocket($url => {'Sec-WebSocket-Extensions' => 'permessage-deflate'} => sub ($ua, $tx) {
  die 'no WebSocket: ' . $tx->res->code unless $tx->is_websocket;
  $tx->max_websocket_size(1 << 24);
  my ($n, $extensions) = (0, $tx->res->headers->sec_websocket_extensions);
  my $next = sub { $n < @messages ? $tx->send($messages[$n]) : $tx->finish(1000) };
  for my $type (qw(text binary)) {
    $tx->on($type => sub ($tx, $bytes) {
      die "message $n" unless defined $messages[$n]{$type} && $messages[$n]{$type} eq $bytes;
      $n++;
      $next->();
    });
  }
  $tx->on(finish => sub ($tx, $code, $reason) {
    say 'all passed: ', $extensions // 'None' if $n == @messages;
    say "only $n messages passed, closed with $code" if $n < @messages;
    Mojo::IOLoop->stop;
  });
  $next->();
});
Mojo::IOLoop->start;
