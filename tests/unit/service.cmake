# SPDX-License-Identifier: MIT
foreach(folder http websocket identity signalr transport hubs upstream backplane redis_endpoint api node platform)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
        add_subdirectory(${folder})
    endif()
endforeach()
