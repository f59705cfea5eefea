// swift-tools-version: 6.2
import PackageDescription

// A driver that is not ndisprot: what a driver's author writes, with nothing but the library WDF.

let package = Package(
  name: "echo-driver",
  dependencies: [.package(name: "ndisprot", path: "../../..")],
  targets: [
    .executableTarget(
      name: "echo-driver", dependencies: [.product(name: "WDF", package: "ndisprot")])
  ])
