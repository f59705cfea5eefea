import Glibc

exit(Client.main(Array(CommandLine.arguments.dropFirst())))
