# SPDX-License-Identifier: MIT
#
# watchfloor_add_plugin(NAME [SCHEMA file.ini] [DISPLAY src...] [ALERT src...])
#
# One call turns a folder into a plugin, in this tree and out of it: the schema
# is checked and becomes <name>_info.h, modules are built against it, and both
# land where `wf` looks for plugins. (Completed by the schema code generator.)

function(watchfloor_add_plugin name)
endfunction()
