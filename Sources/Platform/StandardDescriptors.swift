internal import Glibc

/// Opens /dev/null for each of the descriptors 0, 1 and 2 that was closed when the program started.
///
/// Otherwise the next socket would get the number, and output would go to its peer. Each is opened
/// in the opposite direction, so that reading the input and writing the output fail as they did
/// before.
///
/// - Thread: main, before anything else is opened
/// - Source: what glibc does for set-user-ID programs
public func fillStandardDescriptors() {
  for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
    // The lowest free number is used, which is this one.
    _ = unsafe open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
  }
}
