/** What only native code can do: a poller on epoll, and the transports of Linux and Xen. */
@org.jspecify.annotations.NullMarked
module org.qmpkit.net.linux {
  requires static org.jspecify;
  requires org.qmpkit.net;

  provides org.qmpkit.net.PollerKind with
      org.qmpkit.net.linux.EpollKind;
  provides org.qmpkit.net.UnixDatagrams with
      org.qmpkit.net.linux.SocketDatagrams;
  provides org.qmpkit.net.Transport with
      org.qmpkit.net.linux.ArgoTransport,
      org.qmpkit.net.linux.InheritedTransport,
      org.qmpkit.net.linux.PtyTransport,
      org.qmpkit.net.linux.V4vTransport,
      org.qmpkit.net.linux.VchanTransport,
      org.qmpkit.net.linux.VsockTransport;
}
