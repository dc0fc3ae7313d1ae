/** How bytes move: addresses, endpoints, listeners and the one loop that serves them. */
@org.jspecify.annotations.NullMarked
module org.qmpkit.net {
  requires static org.jspecify;
  requires jdk.net;
  requires jdk.unsupported;

  exports org.qmpkit.net;

  uses org.qmpkit.net.PollerKind;
  uses org.qmpkit.net.Transport;
  uses org.qmpkit.net.UnixDatagrams;

  provides org.qmpkit.net.Transport with
      org.qmpkit.net.UnixTransport,
      org.qmpkit.net.TcpTransport,
      org.qmpkit.net.TlsTransport,
      org.qmpkit.net.ExecTransport,
      org.qmpkit.net.HvsockTransport,
      org.qmpkit.net.StdioTransport;
}
