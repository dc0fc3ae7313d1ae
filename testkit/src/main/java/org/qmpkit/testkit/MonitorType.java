package org.qmpkit.testkit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.qmpkit.net.Address;

/** A type of parameter that a QEMU can be given as: its process, its address, or a client. */
final class MonitorType {
  private static final List<Class<?>> TARGETS = List.of(Address.class, String.class, Path.class);

  private final Function<Served, Object> factory;

  private MonitorType(Function<Served, Object> factory) {
    this.factory = factory;
  }

  /** What gives a type, if anything does. */
  static Optional<MonitorType> of(Class<?> type) {
    if (type == RealQemu.class || type == FakeQemu.class) {
      return Optional.of(new MonitorType(served -> process(type, served)));
    }
    if (type == Address.class) {
      return Optional.of(new MonitorType(served -> Address.unix(served.path())));
    }
    return TARGETS.stream()
        .flatMap(target -> connect(type, target).stream())
        .findFirst()
        .map(method -> new MonitorType(served -> connected(method, served)));
  }

  private static Object process(Class<?> type, Served served) {
    if (type.isInstance(served.by())) {
      return served.by();
    }
    throw new ParameterResolutionException(
        "@WithQemu gives a RealQemu without a recording, and a FakeQemu with one, not "
            + type.getSimpleName());
  }

  private static Optional<Method> connect(Class<?> type, Class<?> target) {
    try {
      Method method = type.getMethod("connect", target);
      boolean fits = Modifier.isStatic(method.getModifiers()) && method.getReturnType() == type;
      return fits ? Optional.of(method) : Optional.empty();
    } catch (NoSuchMethodException e) {
      return Optional.empty();
    }
  }

  private static Object connected(Method connect, Served served) {
    Class<?> target = connect.getParameterTypes()[0];
    Object address =
        target == Path.class
            ? served.path()
            : target == String.class
                ? Address.unix(served.path()).toString()
                : Address.unix(served.path());
    try {
      return connect.invoke(null, address);
    } catch (InvocationTargetException e) {
      throw new ParameterResolutionException(
          "cannot connect by " + connect + ": " + e.getCause() + "; " + served.report(), e);
    } catch (IllegalAccessException e) {
      throw new ParameterResolutionException(
          "cannot call " + connect + ": it must be public, in a package that is exported", e);
    }
  }

  /** A QEMU as that type; blocks where it is connected to. */
  Object of(Served served) {
    return factory.apply(served);
  }
}
