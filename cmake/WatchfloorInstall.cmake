# SPDX-License-Identifier: MIT
# What `cmake --install` adds beyond the targets: headers, packages, documents.
