# SPDX-License-Identifier: MIT
hubplane_integration_test(package_deb COMMAND node package_deb.mjs TIMEOUT 300 PRESETS linux)
