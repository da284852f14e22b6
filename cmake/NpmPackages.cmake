# Installs npm packages without npm, which on Debian brings hundreds of packages along: curl
# fetches the archives that package-lock.json names, and nothing is used whose checksum is not the
# one there.

# npm_packages(LOCK DIRECTORY PROBLEM [NAME...]): puts the named packages, or all that the lock
# file has, into DIRECTORY/node_modules; those that are there already stay. PROBLEM is set to one
# line if an archive cannot be fetched, else to nothing. A wrong checksum ends the build.
function(npm_packages lock directory problem)
  set(${problem} "" PARENT_SCOPE)
  file(READ ${lock} json)
  string(JSON count LENGTH "${json}" packages)
  math(EXPR last "${count} - 1")
  foreach(index RANGE ${last})
    string(JSON path MEMBER "${json}" packages ${index})
    string(REGEX REPLACE "^(.*/)?node_modules/" "" name "${path}")
    if(path STREQUAL "" OR (ARGN AND NOT name IN_LIST ARGN))
      continue()
    endif()
    string(JSON version GET "${json}" packages ${path} version)
    string(JSON integrity GET "${json}" packages ${path} integrity)
    npm_package(${name} ${version} ${integrity} ${directory}/${path} failure)
    if(failure)
      set(${problem} "${failure}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# The environment variable is npm's own.
function(npm_package name version integrity target problem)
  set(${problem} "" PARENT_SCOPE)
  set(mark ${target}/.integrity)
  if(EXISTS ${mark})
    file(READ ${mark} installed)
    if(installed STREQUAL integrity)
      return()
    endif()
  endif()
  set(registry "$ENV{npm_config_registry}")
  if(registry STREQUAL "")
    set(registry https://registry.npmjs.org)
  endif()
  string(REGEX REPLACE "/+$" "" registry "${registry}")
  get_filename_component(base ${name} NAME)
  set(url ${registry}/${name}/-/${base}-${version}.tgz)
  set(archive ${target}.tgz)
  get_filename_component(parent ${target} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  execute_process(
    COMMAND curl -fsSL --connect-timeout 10 --max-time 300 --retry 2 -o ${archive} ${url}
    RESULT_VARIABLE status ERROR_VARIABLE message)
  if(NOT status EQUAL 0)
    string(REGEX REPLACE "\n.*" "" message "${message}")
    set(${problem} "${url} cannot be fetched: ${message}" PARENT_SCOPE)
    return()
  endif()
  npm_check(${archive} ${integrity} ${url})
  npm_unpack(${archive} ${target})
  file(REMOVE ${archive})
  file(WRITE ${mark} ${integrity})
endfunction()

# The lock file has checksums in base64, CMake has them in hexadecimal digits.
function(npm_check archive integrity url)
  string(REGEX REPLACE "^sha512-" "" expected "${integrity}")
  execute_process(COMMAND printf %s ${expected} COMMAND base64 -d COMMAND od -An -v -tx1
    OUTPUT_VARIABLE expected COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "[ \n]" "" expected "${expected}")
  file(SHA512 ${archive} found)
  if(NOT found STREQUAL expected)
    file(REMOVE ${archive})
    message(FATAL_ERROR "${url} does not have the checksum of package-lock.json")
  endif()
endfunction()

# The one folder in an archive has any name.
function(npm_unpack archive target)
  set(unpacked ${target}.new)
  file(REMOVE_RECURSE ${unpacked} ${target})
  file(ARCHIVE_EXTRACT INPUT ${archive} DESTINATION ${unpacked})
  file(GLOB folder ${unpacked}/*)
  file(RENAME ${folder} ${target})
  file(REMOVE_RECURSE ${unpacked})
endfunction()
