# fish completion for baleen: baleen completion fish | source
function __baleen_complete
	set -l words (commandline -opc) (commandline -ct)
	set -l all (baleen __complete $words[2..-1] 2>/dev/null)
	if test "$all[-1]" = :0
		__fish_complete_path (commandline -ct)
	else if test (count $all) -gt 1
		printf '%s\n' $all[1..-2]
	end
end
complete -c baleen -f -a '(__baleen_complete)'
