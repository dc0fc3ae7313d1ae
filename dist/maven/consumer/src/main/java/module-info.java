module consumer {
  requires org.qmpkit.client;
}
