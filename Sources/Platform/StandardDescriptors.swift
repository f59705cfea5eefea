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

/// Lets SIGQUIT end the program, as it ends others.
///
/// Where a Swift toolchain is installed, the runtime takes the signal, prints a backtrace, and lets
/// the program go on. A signal that the parent set to be ignored stays ignored.
///
/// - Thread: main, before any other is created
public func restoreQuitSignal() {
  var action = sigaction()
  // The flag tells a function of the runtime from SIG_DFL and SIG_IGN.
  if unsafe sigaction(SIGQUIT, nil, &action) == 0, action.sa_flags & SA_SIGINFO != 0 {
    signal(SIGQUIT, SIG_DFL)
  }
}
