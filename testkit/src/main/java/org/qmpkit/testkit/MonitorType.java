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

  private final Function<RealQemu, Object> factory;

  private MonitorType(Function<RealQemu, Object> factory) {
    this.factory = factory;
  }

  /** What gives a type, if anything does. */
  static Optional<MonitorType> of(Class<?> type) {
    if (type == RealQemu.class) {
      return Optional.of(new MonitorType(qemu -> qemu));
    }
    if (type == Address.class) {
      return Optional.of(new MonitorType(qemu -> Address.unix(qemu.path())));
    }
    return TARGETS.stream()
        .flatMap(target -> connect(type, target).stream())
        .findFirst()
        .map(method -> new MonitorType(qemu -> connected(method, qemu)));
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

  private static Object connected(Method connect, RealQemu qemu) {
    Class<?> target = connect.getParameterTypes()[0];
    Object address =
        target == Path.class
            ? qemu.path()
            : target == String.class
                ? Address.unix(qemu.path()).toString()
                : Address.unix(qemu.path());
    try {
      return connect.invoke(null, address);
    } catch (InvocationTargetException e) {
      throw new ParameterResolutionException(
          "cannot connect by " + connect + ": " + e.getCause() + "; " + qemu.report(), e);
    } catch (IllegalAccessException e) {
      throw new ParameterResolutionException(
          "cannot call " + connect + ": it must be public, in a package that is exported", e);
    }
  }

  /** A QEMU as that type; blocks where it is connected to. */
  Object of(RealQemu qemu) {
    return factory.apply(qemu);
  }
}
